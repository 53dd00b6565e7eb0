import type { IncomingMessage, ServerResponse } from 'node:http';
import { PorchlightError } from '@porchlight/protocol';
import { bearerToken, type Identities } from '../../access/index.ts';
import type { Clock } from '../../clock.ts';
import type { Apps } from '../../oauth/index.ts';
import {
  type AdmittedVisit,
  type AdmittedVisits,
  asPorchlightError,
  sendFailure,
} from '../../publish/index.ts';
import { readJson } from '../../read-form.ts';
import type { RelayMetrics } from '../../telemetry/index.ts';
import { addressKey, TokenBuckets } from '../../token-buckets.ts';
import { authorizeLocation } from './authorize.ts';
import { type BridgeRequest, parseBridgeRequest } from './bridge-path.ts';
import type { Bridges } from './bridges.ts';
import { hueError, OAuthRefusal, sendJson } from './refusal.ts';
import type { RemoteButton } from './remote-button.ts';
import type { TokenEndpoint } from './token-endpoint.ts';

/** Requests for tokens and sign-ins of one address: programs of a whole household behind one router. */
const SIGN_INS = { capacity: 300, refillMs: 100 };
/** Presses and registrations that one program asks for. */
const REGISTRATIONS = { capacity: 20, refillMs: 5_000 };
/** `{"linkbutton":true}`, with some room. */
const BODY_MAX = 1_024;

/** How a request reached the relay. */
export interface HueArrival {
  readonly host: string;
  readonly secure: boolean;
  readonly address: string;
}

export interface HueHostParts {
  readonly apps: Pick<Apps, 'find'>;
  readonly tokens: TokenEndpoint;
  readonly identities: Pick<Identities, 'byAccessToken'>;
  readonly bridges: Bridges;
  readonly button: RemoteButton;
  readonly visits: AdmittedVisits;
  /** Origin of the console. */
  readonly console: () => string;
  readonly clock: Clock;
  readonly meters: Pick<RelayMetrics['requests'], 'device' | 'aborted'>;
  readonly onError: (error: unknown) => void;
}

/** The Hue remote API, on a host of its own. Its clients know it as the vendor's cloud. */
export class HueHost {
  readonly #parts: HueHostParts;
  readonly #signIns: TokenBuckets;
  readonly #registrations: TokenBuckets;

  constructor(parts: HueHostParts) {
    this.#parts = parts;
    this.#signIns = new TokenBuckets(SIGN_INS, parts.clock);
    this.#registrations = new TokenBuckets(REGISTRATIONS, parts.clock);
  }

  /** Answers one request. Never throws. */
  handle(req: IncomingMessage, res: ServerResponse, arrival: HueArrival): void {
    const { clock, meters } = this.#parts;
    const started = clock.monotonic();
    res.once('close', () => {
      const meter = res.writableFinished ? meters.device : meters.aborted;
      meter.count(res.headersSent ? res.statusCode : 0, (clock.monotonic() - started) / 1000);
    });
    this.#handle(req, res, arrival).catch((error: unknown) => {
      if (error instanceof OAuthRefusal) {
        req.resume();
        return sendJson(res, error.status, error.body, error.headers);
      }
      const known = asPorchlightError(error);
      if (known.code === 'internal') this.#parts.onError(error);
      sendFailure(req, res, known, challengeOf(known));
    });
  }

  async #handle(req: IncomingMessage, res: ServerResponse, arrival: HueArrival): Promise<void> {
    const target = req.url ?? '/';
    const url = URL.parse(target, 'http://hue.invalid');
    if (url === null || !/^\/[\x21-\x7e]*$/.test(target)) throw new PorchlightError('bad_request');
    if (url.pathname === '/v2/oauth2/authorize') {
      take(this.#signIns, addressKey(arrival.address));
      return this.#authorize(req, res, url);
    }
    if (url.pathname === '/v2/oauth2/token') {
      take(this.#signIns, addressKey(arrival.address));
      return this.#parts.tokens.answer(req, res, url, arrival.address);
    }
    const asked = parseBridgeRequest(req.method ?? '', target);
    if (asked === undefined) {
      throw new PorchlightError('not_found', 'This is the Hue remote API: /v2/oauth2/… and /bridge/…');
    }
    await this.#toBridge(req, res, arrival, asked);
  }

  async #authorize(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
    if (req.method !== 'GET') throw new PorchlightError('bad_request', 'This address is for browsers');
    const { apps, console } = this.#parts;
    const location = await authorizeLocation(apps, url.searchParams, console());
    res.writeHead(303, {
      Location: location,
      'Content-Length': 0,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
    });
    res.end();
  }

  async #toBridge(
    req: IncomingMessage,
    res: ServerResponse,
    { host, secure, address }: HueArrival,
    { kind, target }: BridgeRequest,
  ): Promise<void> {
    const { identities, bridges, button, visits } = this.#parts;
    const token = bearerToken(req.headers.authorization);
    if (token === undefined)
      throw new PorchlightError('not_signed_in', 'Send an access token: Authorization: Bearer …');
    const found = await bridges.find(await identities.byAccessToken(token), req);
    const visit: AdmittedVisit = { ...found, target, host, secure, address, by: 'hue' };
    if (kind === 'pass') return visits.pass(req, res, visit);
    take(this.#registrations, found.person.accountId);
    if (kind === 'press') {
      const body = await readJson(req, this.#parts.clock, BODY_MAX);
      const gone = new AbortController();
      res.once('close', () => gone.abort());
      return sendJson(res, 200, await button.press(visit, body, gone.signal));
    }
    if (button.isForAnother(visit)) {
      req.resume();
      return sendJson(res, 200, hueError(101, '', 'link button not pressed'));
    }
    visits.pass(req, res, visit);
  }
}

/** @throws PorchlightError `too_many_requests` */
function take(buckets: TokenBuckets, key: string): void {
  const wait = buckets.take(key);
  if (wait === 0) return;
  throw new PorchlightError('too_many_requests', undefined, {
    detail: { retryAfter: Math.ceil(wait / 1000) },
  });
}

/** RFC 6750 §3. */
function challengeOf({ code, status }: PorchlightError): Record<string, string> {
  if (code === 'token_invalid')
    return { 'WWW-Authenticate': 'Bearer realm="Porchlight", error="invalid_token"' };
  if (code === 'scope_missing')
    return { 'WWW-Authenticate': 'Bearer realm="Porchlight", error="insufficient_scope"' };
  return status === 401 ? { 'WWW-Authenticate': 'Bearer realm="Porchlight"' } : {};
}
