import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { PorchlightError } from '@porchlight/protocol';
import {
  type Arrival,
  type HostTarget,
  hostName,
  isConsolePath,
  isLoopbackName,
  parseHost,
  refuseUpgrade,
  sendFailure,
} from '../publish/index.ts';
import type { Origin } from './arrival.ts';

/**
 * For half a year the console's host name is reached over TLS only, on every port, and no warning can be clicked away
 * (RFC 6797 §8.3): the console's session must not go to a device's forwarded port of that name. Names below it keep
 * their own ways: a forward may well be plain HTTP.
 */
const STRICT_TRANSPORT = ['Strict-Transport-Security', 'max-age=15768000'] as const;

/** Who answers what. */
export interface FrontDoorParts {
  readonly domain: string;
  /** The host for path routes, and whether they are served on the console's own too. */
  readonly paths: { readonly host: string | undefined; readonly insecureOnConsole: boolean };
  /** Port of HTTPS as seen from outside, for redirects; undefined: HTTPS is off, or another program's affair. */
  readonly httpsPort: () => number | undefined;
  /** The certificate is one that browsers are to insist on from now on. */
  readonly strictTransport: boolean;
  readonly originOf: (req: IncomingMessage) => Origin;
  /** Paths of the console that are answered over plain HTTP too: public files whose hash the caller knows and checks. */
  readonly hashCheckedPaths: ReadonlySet<string>;
  readonly console: {
    handle(req: IncomingMessage, res: ServerResponse, origin: Origin): void;
    handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer, origin: Origin): void;
  };
  /** The host of the Hue remote API. */
  readonly hue: {
    handle(
      req: IncomingMessage,
      res: ServerResponse,
      arrival: Pick<Arrival, 'host' | 'secure' | 'address'>,
    ): void;
  };
  readonly publisher: {
    handle(req: IncomingMessage, res: ServerResponse, arrival: Arrival): void;
    handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer, arrival: Arrival): void;
  };
}

/** Sorts requests by their host: the console, a published service, or nothing. Counts those under way. */
export class FrontDoor {
  readonly #parts: FrontDoorParts;
  #underWay = 0;
  #onIdle: (() => void) | undefined;

  constructor(parts: FrontDoorParts) {
    this.#parts = parts;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Resolves when no request is under way. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#underWay === 0) resolve();
      else this.#onIdle = resolve;
    });
  }

  handle(req: IncomingMessage, res: ServerResponse): void {
    this.#underWay += 1;
    res.on('close', () => {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#onIdle?.();
    });
    req.on('error', () => res.destroy());
    res.on('error', () => res.destroy());
    const host = hostOf(req);
    const target = this.#targetOf(host, req.url);
    if (host === undefined || target.kind === 'unknown') return sendFailure(req, res, nothingHere());
    const origin = this.#parts.originOf(req);
    if (!origin.secure && !isLoopbackName(hostName(host)) && !this.#isHashChecked(req, target.kind)) {
      return this.#toHttps(req, res, host);
    }
    if (target.kind === 'console') {
      if (origin.secure && this.#parts.strictTransport) res.setHeader(...STRICT_TRANSPORT);
      this.#parts.console.handle(req, res, origin);
    } else if (target.kind === 'hue') this.#parts.hue.handle(req, res, { ...origin, host });
    else this.#parts.publisher.handle(req, res, { ...NO_NAMES, ...target, ...origin, host });
  }

  handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const host = hostOf(req);
    const target = this.#targetOf(host, req.url);
    if (host === undefined || target.kind === 'unknown') return refuseUpgrade(socket, nothingHere());
    const origin = this.#parts.originOf(req);
    if (!origin.secure && !isLoopbackName(hostName(host))) {
      return refuseUpgrade(socket, new PorchlightError('bad_request', 'Use https here'));
    }
    if (target.kind === 'hue') return refuseUpgrade(socket, nothingHere());
    if (target.kind === 'console') this.#parts.console.handleUpgrade(req, socket, head, origin);
    else this.#parts.publisher.handleUpgrade(req, socket, head, { ...NO_NAMES, ...target, ...origin, host });
  }

  #targetOf(host: string | undefined, url: string | undefined): HostTarget {
    const { domain, paths } = this.#parts;
    const target = parseHost(host, domain, paths.host);
    if (target.kind !== 'console' || !paths.insecureOnConsole) return target;
    return isConsolePath(url ?? '/') ? target : { kind: 'paths' };
  }

  #isHashChecked(req: IncomingMessage, kind: string): boolean {
    const reads = req.method === 'GET' || req.method === 'HEAD';
    return kind === 'console' && reads && this.#parts.hashCheckedPaths.has(req.url ?? '');
  }

  #toHttps(req: IncomingMessage, res: ServerResponse, host: string): void {
    const port = this.#parts.httpsPort();
    if (port === undefined || req.url?.startsWith('/') !== true) {
      return sendFailure(
        req,
        res,
        new PorchlightError('bad_request', 'This relay is reached over https only'),
      );
    }
    const location = `https://${hostName(host)}${port === 443 ? '' : `:${port}`}${req.url}`;
    res.writeHead(308, { Location: location, 'Content-Length': 0 });
    res.end();
  }
}

/** On the host for path routes it is the path that names them. */
const NO_NAMES = { device: undefined, service: undefined } as const;

/** The one Host of a request, lower case. HTTP/2 has it in `:authority`; with more than one there is none. */
function hostOf(req: IncomingMessage): string | undefined {
  if (req.httpVersionMajor === 2) {
    const authority: unknown = req.headers[':authority'] ?? req.headers.host;
    return typeof authority === 'string' ? authority.toLowerCase() : undefined;
  }
  let count = 0;
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const name = req.rawHeaders[i];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count === 1 ? req.headers.host?.toLowerCase() : undefined;
}

function nothingHere(): PorchlightError {
  return new PorchlightError('not_found', 'There is nothing here');
}
