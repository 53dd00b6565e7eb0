import type { IncomingMessage, ServerResponse } from 'node:http';
import { PorchlightError, RESERVED_PATH } from '@porchlight/protocol';
import type { Identity } from '../access/index.ts';
import { newSecret } from '../secrets.ts';
import { sendFailure } from './failure.ts';
import { parseHost } from './hosts.ts';
import type { Arrival } from './publisher.ts';
import { canSignOn, type SignOn, VISIT_LIFE_MS } from './sign-on.ts';
import { cookieValue, STATE_COOKIE, VISIT_COOKIE } from './visitors.ts';

/** Path at the console that gives codes. */
export const CONSOLE_SIGN_ON_PATH = '/sign-on';
/** Path at a published host that turns a code into its cookie. */
const HOST_SIGN_ON_PATH = `${RESERVED_PATH}sign-on`;
/** A person may take so long at the sign-in page. */
const STATE_LIFE_S = 3600;
const RETURN_MAX = 4000;

/** Where services are told by the path. */
export interface PathHosts {
  readonly host: string | undefined;
  readonly insecureOnConsole: boolean;
}

/**
 * The redirects of a sign-on:
 *
 *     host  GET /page                                   no cookie yet: sets `state`, and sends the browser to
 *     console  GET /sign-on?host=…&state=…&return=…     signed in there (or signs in first), and back to
 *     host  GET /.porchlight/sign-on?code=…&return=…    code and `state` fit: sets the visit cookie, and on to
 *     host  GET /page
 */
export class SignOnPages {
  readonly #signOn: SignOn;
  readonly #domain: string;
  readonly #paths: PathHosts;

  constructor(parts: { signOn: SignOn; domain: string; paths: PathHosts }) {
    this.#signOn = parts.signOn;
    this.#domain = parts.domain;
    this.#paths = parts.paths;
  }

  /** A person's browser came to a published host without being signed in there. */
  begin(req: IncomingMessage, res: ServerResponse, arrival: Arrival): void {
    const state = newSecret();
    const back = isOwnPath(req.url ?? '') ? (req.url ?? '/') : '/';
    const query = new URLSearchParams({ host: arrival.host, state, return: back });
    const scheme = arrival.secure ? 'https' : 'http';
    redirect(res, `${scheme}://${this.#domain}${portOf(arrival.host)}${CONSOLE_SIGN_ON_PATH}?${query}`, [
      cookie(arrival.secure ? STATE_COOKIE.secure : STATE_COOKIE.plain, state, STATE_LIFE_S, arrival.secure),
    ]);
  }

  /** At the console: sends a signed-in person back with a code, anybody else to the sign-in page first. */
  console(req: IncomingMessage, res: ServerResponse, identity: Identity, secure: boolean): void {
    const url = parseUrl(req.url);
    const host = url?.searchParams.get('host')?.toLowerCase() ?? '';
    const state = url?.searchParams.get('state') ?? '';
    const back = url?.searchParams.get('return') ?? '/';
    const known = /^[a-z0-9.-]+(?::\d{1,5})?$/.test(host) && this.#isPublished(host);
    // Another port of the same name may be a forward that leads to somebody else's device.
    const here = portOf(host) === portOf(String(req.headers[':authority'] ?? req.headers.host ?? ''));
    if (!known || !here || state.length > 100 || !isOwnPath(back)) {
      return sendFailure(req, res, new PorchlightError('bad_request', 'This sign-on link is damaged'));
    }
    if (!canSignOn(identity)) {
      redirect(res, `/sign-in?next=${encodeURIComponent(req.url ?? '/')}`, []);
      return;
    }
    const code = this.#signOn.issueCode(identity, host, state);
    const query = new URLSearchParams({ code, return: back });
    redirect(res, `${secure ? 'https' : 'http'}://${host}${HOST_SIGN_ON_PATH}?${query}`, []);
  }

  #isPublished(host: string): boolean {
    const { kind } = parseHost(host, this.#domain, this.#paths.host);
    return kind === 'service' || kind === 'paths' || (kind === 'console' && this.#paths.insecureOnConsole);
  }

  /** The relay's own paths on published hosts. */
  handle(req: IncomingMessage, res: ServerResponse, arrival: Arrival): void {
    const url = parseUrl(req.url);
    if (url?.pathname !== HOST_SIGN_ON_PATH || req.method !== 'GET') {
      return sendFailure(req, res, new PorchlightError('not_found'));
    }
    const names = arrival.secure
      ? { visit: VISIT_COOKIE.secure, state: STATE_COOKIE.secure }
      : { visit: VISIT_COOKIE.plain, state: STATE_COOKIE.plain };
    const back = url.searchParams.get('return') ?? '/';
    const state = cookieValue(req.headers.cookie ?? '', names.state) ?? '';
    const code = url.searchParams.get('code') ?? '';
    const visit =
      state === '' || !isOwnPath(back) ? undefined : this.#signOn.redeem(code, arrival.host, state);
    if (visit === undefined) {
      const message = 'This sign-on link was used already, or belongs to another browser';
      return sendFailure(req, res, new PorchlightError('expired', message));
    }
    redirect(res, back, [
      cookie(names.visit, visit, Math.floor(VISIT_LIFE_MS / 1000), arrival.secure),
      cookie(names.state, '', 0, arrival.secure),
    ]);
  }
}

function cookie(name: string, value: string, seconds: number, secure: boolean): string {
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

function redirect(res: ServerResponse, location: string, cookies: readonly string[]): void {
  res.writeHead(302, {
    Location: location,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'Content-Length': 0,
    ...(cookies.length === 0 ? {} : { 'Set-Cookie': [...cookies] }),
  });
  res.end();
}

/** `:8443`, or nothing. */
function portOf(host: string): string {
  return /:\d{1,5}$/.exec(host)?.[0] ?? '';
}

/** A path on the same origin: never `//host` or `/\host`, which browsers take for another one. */
function isOwnPath(path: string): boolean {
  return path.length <= RETURN_MAX && /^\/(?![/\\])[\x21-\x7e]*$/.test(path);
}

function parseUrl(url: string | undefined): URL | undefined {
  const base = 'http://relay.invalid';
  return url?.startsWith('/') === true && URL.canParse(url, base) ? new URL(url, base) : undefined;
}
