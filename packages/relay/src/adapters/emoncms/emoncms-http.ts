import type { IncomingMessage, ServerResponse } from 'node:http';
import { PorchlightError, problemOf } from '@porchlight/protocol';
import { authoriseInGeneral, bearerToken, hasConsoleCookie, type Identities } from '../../access/index.ts';
import type { AccountRecord } from '../../accounts/index.ts';
import type { Clock } from '../../clock.ts';
import { EMONCMS_SERVICE, type HomeCalls } from '../../emoncms/index.ts';
import { readForm } from '../../read-form.ts';
import { addressKey, TokenBuckets } from '../../token-buckets.ts';
import { type EmoncmsCall, parseCallData, parseCallPath } from './call.ts';
import { findHome, type HomesParts } from './find-home.ts';

/** Where a device's settings page checks a name and password. */
export const AUTH_PATH = '/user/auth.json';
/** Longest name and password that are looked at: a name is kept for as long as it is slowed down. */
const NAME_MAX = 200;
const PASSWORD_MAX = 256;
/** Wrong names and passwords of one address, as the original has it: 10 in 15 minutes. */
const FAILURES = { capacity: 10, refillMs: 90_000 };
/** Calls of one account. */
const CALLS = { capacity: 100, refillMs: 100 };

export interface EmoncmsHttpParts {
  readonly homes: HomesParts;
  readonly calls: Pick<HomeCalls, 'call'>;
  /** Where people open a service. */
  readonly serviceUrl: (service: string, device: string) => string;
  readonly identities: Pick<Identities, 'identify'>;
  /** As at the dashboard, with its throttle. */
  readonly checkPassword: (
    given: { name: string; password: string },
    from: { address: string; by: string },
  ) => Promise<AccountRecord>;
  /** Origin of the console on the listener that a request came to. */
  readonly originOf: (request: IncomingMessage) => string;
  readonly clock: Clock;
}

/** The HTTP side of the original emoncms server, on the console's host: sign-in check, and calls of homes. */
export class EmoncmsHttp {
  readonly #parts: EmoncmsHttpParts;
  readonly #failures: TokenBuckets;
  readonly #calls: TokenBuckets;

  constructor(parts: EmoncmsHttpParts) {
    this.#parts = parts;
    this.#failures = new TokenBuckets(FAILURES, parts.clock);
    this.#calls = new TokenBuckets(CALLS, parts.clock);
  }

  /** True for paths that belong to {@link handle}. */
  isPath(path: string): boolean {
    return path === AUTH_PATH || parseCallPath(path) !== undefined;
  }

  /** Answers one request. Never throws. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    from: { address: string; secure: boolean },
  ): void {
    const url = new URL(request.url ?? '/', 'http://emoncms.invalid');
    const run =
      url.pathname === AUTH_PATH ? this.#auth(request, from) : this.#call(request, url, from, response);
    run
      .then((answer) => send(response, 200, jsonOf(answer)))
      .catch((error: unknown) => {
        const known =
          error instanceof PorchlightError
            ? error
            : new PorchlightError('internal', undefined, { cause: error });
        const { retryAfter } = known.detail;
        if (typeof retryAfter === 'number') response.setHeader('Retry-After', retryAfter);
        const problem = { success: false, message: known.message, ...problemOf(known) };
        send(response, known.status, JSON.stringify(problem));
      });
  }

  /** `POST /user/auth.json`. A wrong password is HTTP 200, as original clients look into the body alone. */
  async #auth(request: IncomingMessage, { address }: { address: string }): Promise<unknown> {
    if (request.method !== 'POST')
      throw new PorchlightError('bad_request', 'Send username and password by POST');
    const origin = request.headers.origin;
    if (origin !== undefined && origin !== this.#parts.originOf(request))
      throw new PorchlightError('cross_site');
    const form = await readForm(request, this.#parts.clock);
    const from = addressKey(address);
    this.#take(this.#failures, from);
    try {
      const given = { name: form.get('username') ?? '', password: form.get('password') ?? '' };
      if (given.name.length > NAME_MAX || given.password.length > PASSWORD_MAX)
        throw new PorchlightError('wrong_credentials');
      const account = await this.#parts.checkPassword(given, { address, by: 'emoncms' });
      this.#failures.giveBack(from);
      // No keys: what they were for is done with the password, or with an access token made in the dashboard.
      return { success: true, userid: account.id, username: account.name, apikey_read: '', apikey_write: '' };
    } catch (error) {
      if (!(error instanceof PorchlightError) || error.code !== 'wrong_credentials') throw error;
      return { success: false, message: 'Incorrect authentication' };
    }
  }

  async #call(
    request: IncomingMessage,
    url: URL,
    { address, secure }: { address: string; secure: boolean },
    response: ServerResponse,
  ): Promise<unknown> {
    const route = parseCallPath(url.pathname);
    if (route === undefined || (request.method !== 'GET' && request.method !== 'POST'))
      throw new PorchlightError('not_found');
    this.#refuseForeign(request, route);
    const changes = route.changes || request.method === 'POST';
    const action = changes ? 'service:operate' : 'service:visit';
    const { clock, identities, homes, calls, serviceUrl } = this.#parts;
    const identity = await identities.identify(request.headers, secure);
    const person = authoriseInGeneral(identity, action);
    this.#take(this.#calls, person.accountId);
    const query = url.searchParams;
    if (request.method === 'POST') {
      for (const [name, value] of await readForm(request, clock)) query.append(name, value);
    }
    const home = query.get('home') ?? undefined;
    query.delete('home');
    const data = parseCallData(query);
    if (data === undefined) throw new PorchlightError('too_large', 'Too many parameters');
    const device = await findHome(homes, person, action, home);
    const gone = new AbortController();
    const leave = () => gone.abort();
    response.once('close', leave);
    try {
      const asker = { device, service: EMONCMS_SERVICE, person: person.accountName, address };
      const ask = { ...asker, url: serviceUrl(EMONCMS_SERVICE, device.name), signal: gone.signal };
      const wish = { ...callRequest(request.method, route, data), changes };
      return await calls.call(ask, wish, (answer) => answer);
    } finally {
      response.off('close', leave);
    }
  }

  /** Another site can make a browser send the console's cookie; what changes something must come from the console itself. */
  #refuseForeign({ method, headers }: IncomingMessage, route: Omit<EmoncmsCall, 'data'>): void {
    if (bearerToken(headers.authorization) !== undefined || !hasConsoleCookie(headers.cookie)) return;
    const site = headers['sec-fetch-site'];
    const own = site === 'same-origin' || site === 'none';
    const harmless = site === undefined && method === 'GET' && !route.changes;
    if (!own && !harmless) throw new PorchlightError('cross_site');
  }

  #take(buckets: TokenBuckets, key: string): void {
    const wait = buckets.take(key);
    if (wait === 0) return;
    throw new PorchlightError('too_many_requests', undefined, {
      detail: { retryAfter: Math.ceil(wait / 1000) },
    });
  }
}

/** The call as emoncms takes it. */
function callRequest(
  method: 'GET' | 'POST',
  { controller, action, subaction }: Omit<EmoncmsCall, 'data'>,
  data: ReadonlyMap<string, string>,
) {
  const target = `/${controller}/${action}${subaction === '' ? '' : `/${subaction}`}.json`;
  const given = new URLSearchParams([...data]).toString();
  if (method === 'POST') return { method, target, body: given };
  return { method, target: given === '' ? target : `${target}?${given}` };
}

/** @throws PorchlightError `bad_answer`: what can be read may be too deep to be written */
function jsonOf(answer: unknown): string {
  try {
    return JSON.stringify(answer);
  } catch (cause) {
    throw new PorchlightError('bad_answer', 'The answer has too many levels', { cause });
  }
}

function send(response: ServerResponse, status: number, body: string): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}
