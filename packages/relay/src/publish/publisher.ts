import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { PorchlightError, RESERVED_PATH } from '@porchlight/protocol';
import {
  ANONYMOUS,
  authoriseVisit,
  type BasicPasswords,
  parseBasic,
  scopeOfVisit,
  type Visit,
  type Visitor,
} from '../access/index.ts';
import type { VisitWatch } from '../access-log/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceRecorder } from '../devices/index.ts';
import type { LinkTable } from '../links/index.ts';
import { newId } from '../secrets.ts';
import type { Logger, RelayMetrics } from '../telemetry/index.ts';
import { answerBearerPreflight, isBearerPreflight, withBearerCors } from './bearer-cors.ts';
import { challenge, sendWithSlash } from './challenge.ts';
import type { ChannelPools } from './channel-pools.ts';
import { isForeign } from './cross-origin.ts';
import { asPorchlightError, sendFailure, wantsPage } from './failure.ts';
import type { VisitFacts } from './headers.ts';
import type { Found, Locator } from './locator.ts';
import type { OpenVisits } from './open-visits.ts';
import { ownToken } from './own-token.ts';
import { fieldsBelow } from './path-routes/index.ts';
import { refuseInside, takeProgramSocket, withServiceSubprotocol } from './program-sockets.ts';
import { type ProxyTarget, proxyRequest, proxyUpgrade, refuseUpgrade } from './proxy.ts';
import { SHARE_PATH, type SharePages } from './share-pages.ts';
import type { SignOnPages } from './sign-on-pages.ts';
import type { VisitNotes } from './visit-notes.ts';
import type { Visitors } from './visitors.ts';

/** How a request reached the relay; found once by the listener. */
export interface Arrival {
  /** Name of the device and service that the host names; undefined: the path tells. */
  readonly device: string | undefined;
  readonly service: string | undefined;
  /** The Host header's value, lower case, with the port if it had one. */
  readonly host: string;
  /** Over TLS. */
  readonly secure: boolean;
  /** The visitor's address. */
  readonly address: string;
}

export interface PublisherParts {
  readonly routes: Locator;
  readonly visitors: Visitors;
  readonly basic: BasicPasswords;
  readonly links: LinkTable;
  readonly pools: ChannelPools;
  readonly openVisits: OpenVisits;
  readonly signOnPages: SignOnPages;
  readonly sharePages: SharePages;
  /** Sees requests for the access log; undefined: there is none. */
  readonly watch: VisitWatch | undefined;
  readonly recorder: Pick<DeviceRecorder, 'noteService' | 'downSince'>;
  readonly notes: VisitNotes;
  /** Whether TLS of a host name ends on its device: then nothing is served here. */
  readonly isPassedOn: (device: string, service: string) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meters: RelayMetrics['requests'];
}

/** Takes visitors of published hosts to the services on devices. */
export class Publisher {
  readonly #parts: PublisherParts;
  /** Request ids: unique for this process, told apart from other processes', cheap, and no secret. */
  readonly #requestPrefix = newId().slice(0, 10);
  #requestCount = 0;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** Answers one request to a published host. */
  handle(req: IncomingMessage, res: ServerResponse, arrival: Arrival): void {
    const { clock, meters } = this.#parts;
    const started = clock.monotonic();
    res.on('close', () => {
      const meter = res.writableFinished ? meters.device : meters.aborted;
      meter.count(res.headersSent ? res.statusCode : 0, (clock.monotonic() - started) / 1000);
    });
    const { routes, sharePages, signOnPages, visitors, watch } = this.#parts;
    watch?.begin(req, res, asked(arrival));
    if (!isOriginForm(req.url)) return sendFailure(req, res, new PorchlightError('bad_request'));
    if (req.url === SHARE_PATH) return sharePages.handle(req, res, arrival);
    if (req.url.startsWith(RESERVED_PATH)) return signOnPages.handle(req, res, arrival);
    if (isBearerPreflight(req)) return this.#preflight(req, res, arrival);
    const route = routes.cached(arrival, req.url);
    if (route !== undefined && route.service.access !== 'basic') {
      const identity = visitors.known(req, arrival.host, arrival.secure);
      if (identity !== undefined) return this.#visit(req, res, arrival, route, identity);
    }
    this.#resolve(req, arrival).then(
      ([found, who, basic]) => this.#visit(req, res, arrival, found, who, basic),
      (error: unknown) => this.#fail(req, res, arrival, error),
    );
  }

  /** Passes one upgrade request on, or refuses it on its socket. */
  handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer, arrival: Arrival): void {
    socket.on('error', () => socket.destroy());
    this.#parts.watch?.beginUpgrade(req, socket, asked(arrival));
    if (!isOriginForm(req.url) || req.url.startsWith(RESERVED_PATH)) {
      return refuseUpgrade(socket, new PorchlightError('bad_request'));
    }
    const program = takeProgramSocket(req);
    let route: Found | undefined;
    const refuse = (error: PorchlightError): void => {
      // A page of another host reads what is in a WebSocket: it must not hear whose browser it is in.
      const mayHear = ownToken(req.headers.authorization) !== undefined || route?.service.access === 'public';
      if (program?.hearsRefusal === true && mayHear) refuseInside(req, socket, head, error);
      else refuseUpgrade(socket, error, challenge(error, req));
    };
    this.#resolve(req, arrival)
      .then(([found, identity, basic]) => {
        route = found;
        const visit = this.#authorise(req, arrival, found, identity, basic);
        this.#note(req, arrival, found, visit);
        const target = this.#target(req, arrival, found, visit);
        this.#parts.openVisits.add(socket, identity);
        proxyUpgrade(req, socket, head, program === undefined ? target : forProgram(target, refuse));
      })
      .catch((error: unknown) => refuse(this.#explain(error, arrival, route)));
  }

  /** Says yes for the relay's own tokens; a service that is for everyone answers for itself. */
  #preflight(req: IncomingMessage, res: ServerResponse, arrival: Arrival): void {
    this.#parts.routes.resolve(arrival, req.url ?? '').then(
      (route) => {
        if (route?.service.access === 'public') this.#visit(req, res, arrival, route, ANONYMOUS);
        else answerBearerPreflight(req, res);
      },
      (error: unknown) => this.#fail(req, res, arrival, error),
    );
  }

  async #resolve(
    req: IncomingMessage,
    arrival: Arrival,
  ): Promise<[Found, Visitor, 'absent' | 'wrong' | 'right']> {
    const route = await this.#parts.routes.resolve(arrival, req.url ?? '');
    if (route === undefined) {
      const { device = '', service = '' } = arrival;
      // A browser asks here when its connection to another host of ours would do for this one by its certificate.
      if (this.#parts.isPassedOn(device, service)) throw new PorchlightError('misdirected');
      throw new PorchlightError('not_found', 'There is nothing here');
    }
    const { visitors, basic } = this.#parts;
    const identity = await visitors.identify(req, arrival.host, arrival.secure);
    if (route.service.access !== 'basic') return [route, identity, 'absent'];
    const from = { authorization: req.headers.authorization, address: arrival.address };
    return [route, identity, await basic.check(route.device.id, route.service, from)];
  }

  #visit(
    req: IncomingMessage,
    res: ServerResponse,
    arrival: Arrival,
    route: Found,
    identity: Visitor,
    basic: 'absent' | 'wrong' | 'right' = 'absent',
  ): void {
    try {
      const visit = this.#authorise(req, arrival, route, identity, basic);
      if (route.under?.bare === true && (req.method === 'GET' || req.method === 'HEAD')) {
        return sendWithSlash(req, res, route.under.prefix);
      }
      const target = this.#target(req, arrival, route, visit);
      this.#note(req, arrival, route, visit);
      this.#parts.openVisits.add(res, identity);
      proxyRequest(req, res, target);
    } catch (error) {
      // A program that sends a token gets no page.
      const nobody = error instanceof PorchlightError && error.code === 'not_signed_in';
      const signIn = nobody && ownToken(req.headers.authorization) === undefined;
      if (signIn && route.service.access === 'login' && wantsPage(req)) {
        this.#parts.signOnPages.begin(req, res, arrival);
        return;
      }
      this.#fail(req, res, arrival, error, route);
    }
  }

  /** Who visits, or why not. What a browser sends by itself (cookie, password) is no proof of the person's wish. */
  #authorise(
    req: IncomingMessage,
    arrival: Arrival,
    route: Found,
    identity: Visitor,
    basic: 'absent' | 'wrong' | 'right',
  ): Visit {
    const visit = authoriseVisit(identity, route.device, route.service, scopeOfVisit(req), basic);
    const ambient =
      route.service.access === 'basic' || identity.kind === 'session' || identity.kind === 'share';
    if (ambient && route.service.access !== 'public' && isForeign(req, arrival)) {
      throw new PorchlightError('cross_site');
    }
    return visit;
  }

  /** @throws PorchlightError `device_offline`, `device_paused`, `service_unknown` */
  #target(req: IncomingMessage, arrival: Arrival, route: Found, visit: Visit): ProxyTarget {
    const { links, pools, recorder } = this.#parts;
    const { device, service, under } = route;
    const link = links.get(device.id);
    if (link === undefined) throw new PorchlightError('device_offline', `${device.name} is offline`);
    if (link.paused) throw new PorchlightError('device_paused', `${device.name} is paused`);
    if (!link.services.some((offered) => offered.name === service.name))
      throw new PorchlightError('service_unknown');
    const facts: VisitFacts = {
      address: arrival.address,
      proto: arrival.secure ? 'https' : 'http',
      host: arrival.host,
      person: visit.person,
      requestId: this.#newRequestId(),
      ...(under?.strip === true ? { prefix: under.prefix } : {}),
    };
    const place = under && { ...under, host: arrival.host };
    const own = ownToken(req.headers.authorization) !== undefined;
    return {
      agent: pools.agent(link, service.name),
      target: under?.target ?? req.url ?? '/',
      facts,
      onFields(fields) {
        const below = place === undefined ? fields : fieldsBelow(fields, place);
        return own ? withBearerCors(below) : below;
      },
      // A header that let the visitor in is the relay's; any other goes to the device.
      dropAuthorization: service.access === 'basic' || own,
      isUp: () => links.get(device.id) === link,
      onOutcome: (error) => recorder.noteService(device, service.name, error),
    };
  }

  #fail(req: IncomingMessage, res: ServerResponse, arrival: Arrival, error: unknown, route?: Found): void {
    const known = this.#explain(error, arrival, route);
    // Somebody else's device and no device at all look alike, for people and machines.
    sendFailure(req, res, known, challenge(known, req, route));
  }

  #explain(error: unknown, arrival: Arrival, route?: Found): PorchlightError {
    const known = asPorchlightError(error);
    if (known.code === 'internal') this.#parts.logger.error({ error, host: arrival.host }, 'visit failed');
    if (known.code === 'not_found') return new PorchlightError('not_found', 'There is nothing here');
    if (known.code !== 'device_offline' || route === undefined) return known;
    const since = this.#parts.recorder.downSince(route.device.id)?.at ?? route.device.lastDownAt;
    const message =
      since === undefined ? `${route.device.name} has never been online` : `${route.device.name} is offline`;
    return new PorchlightError('device_offline', message, {
      detail: since === undefined ? {} : { offlineSince: since },
    });
  }

  #newRequestId(): string {
    this.#requestCount += 1;
    return `${this.#requestPrefix}-${this.#requestCount.toString(36)}`;
  }

  /** Tells the access log, and the audit once for each person, service and address in an hour. */
  #note(req: IncomingMessage, arrival: Arrival, route: Found, visit: Visit): void {
    this.#parts.watch?.letIn(req, {
      device: route.device.name,
      service: route.service.name,
      user: visit.person ?? userOf(req, route),
    });
    this.#parts.notes.note({
      accountId: route.device.accountId,
      deviceId: route.device.id,
      deviceName: route.device.name,
      service: route.service.name,
      address: arrival.address,
      access: visit.share === undefined ? route.service.access : `share ${visit.share}`,
      person: visit.person,
    });
  }
}

/** What the access log hears before a route is found. */
function asked(arrival: Arrival): Arrival & { readonly device: string; readonly service: string } {
  return { ...arrival, device: arrival.device ?? '', service: arrival.service ?? '' };
}

/** A path and query (RFC 9112 §3.2.1) of the characters that every server takes; HTTP/2 lets others through. */
function isOriginForm(url: string | undefined): url is string {
  return url !== undefined && /^\/[\x21-\x7e]*$/.test(url);
}

/** The name that was let in by mode `basic`. */
function userOf(req: IncomingMessage, route: Found): string | undefined {
  return route.service.access === 'basic' ? parseBasic(req.headers.authorization)?.user : undefined;
}

/** For a program's WebSocket: a browser insists on a subprotocol, and cannot read why one was refused. */
function forProgram(target: ProxyTarget, refuse: (error: PorchlightError) => void): ProxyTarget {
  const { onFields = (fields: string[]) => fields } = target;
  return { ...target, refuse, onFields: (fields) => withServiceSubprotocol(onFields(fields)) };
}
