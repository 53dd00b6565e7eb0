import { PorchlightError } from '@porchlight/protocol';
import { errorOfResponse, unreachable } from '../errors/index.ts';
import { type TokenSource, toTokenSource } from '../tokens/index.ts';

/** Longest wait for an answer: the relay's own longest, for a probe of a device, and some more. */
const ANSWER_MAX_MS = 45_000;

/** The part of `fetch` that is used; one of your own may be given, for a proxy or an authority of your own. */
export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** What is needed to talk to a relay. */
export interface RelayOptions {
  /** Address of the relay's console, e.g. `https://relay.example`. */
  readonly relay: string | URL;
  /** An access token, or where they come from. None: a page of the relay's own uses its cookie. */
  readonly token?: string | TokenSource | undefined;
  /** In place of the global `fetch`. */
  readonly fetch?: Fetch | undefined;
}

export type QueryValue = string | number | boolean | undefined;

export interface CallOptions {
  /** Ends the call; the abort reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

export interface Call extends CallOptions {
  /** What is undefined or empty is left out. */
  readonly query?: { readonly [name: string]: QueryValue } | undefined;
  readonly body?: object | undefined;
}

/** Calls the API of one relay. */
export class ApiCaller {
  /** Origin of the relay, without a slash at the end. */
  readonly origin: string;
  readonly tokens: TokenSource | undefined;
  readonly fetch: Fetch;

  /** @throws PorchlightError `bad_request` when the address is none */
  constructor({ relay, token, fetch: own }: RelayOptions) {
    this.origin = originOf(relay);
    this.tokens = toTokenSource(token);
    this.fetch = own ?? ((input, init) => fetch(input, init));
  }

  /** The body of the answer; undefined for 204. `path` starts with `/`. @throws PorchlightError */
  async call<T>(method: string, path: string, call: Call = {}): Promise<T> {
    const signal = withDeadline(call.signal);
    const response = await this.open(method, path, { ...call, signal });
    if (response.status === 204) return undefined as T;
    try {
      return (await response.json()) as T;
    } catch (cause) {
      throw this.#failure(cause, call.signal);
    }
  }

  /** The answer as it comes, when it is a good one. @throws PorchlightError */
  async open(method: string, path: string, call: Call = {}): Promise<Response> {
    const first = await this.tokens?.token(call.signal);
    const response = await this.#send(method, path, call, first);
    if (response.ok) return response;
    const error = await errorOfResponse(response, first !== undefined);
    if (error.code !== 'token_invalid' || first === undefined) throw error;
    const second = await this.tokens?.renew?.(first, call.signal);
    if (second === undefined || second === first) throw error;
    const again = await this.#send(method, path, call, second);
    if (again.ok) return again;
    throw await errorOfResponse(again, true);
  }

  async #send(
    method: string,
    path: string,
    { query, body, signal }: Call,
    token: string | undefined,
  ): Promise<Response> {
    const headers = new Headers({ accept: 'application/json' });
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    if (body !== undefined) headers.set('content-type', 'application/json');
    try {
      return await this.fetch(this.origin + path + queryString(query), {
        method,
        headers,
        cache: 'no-store',
        // A token must not be sent on to wherever an answer points.
        redirect: 'error',
        credentials: token === undefined ? 'same-origin' : 'omit',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      throw this.#failure(cause, signal);
    }
  }

  /** What to throw for a request without an answer: the caller's own abort as it is. */
  #failure(cause: unknown, signal: AbortSignal | undefined): unknown {
    const timedOut = cause instanceof Error && cause.name === 'TimeoutError';
    if (signal?.aborted === true && !timedOut) return cause;
    return unreachable(this.origin, cause);
  }
}

/** One part of a path: what comes from outside is encoded. */
export const part = encodeURIComponent;

function withDeadline(signal: AbortSignal | undefined): AbortSignal {
  const deadline = AbortSignal.timeout(ANSWER_MAX_MS);
  return signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
}

function queryString(query: Call['query'] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
}

function originOf(relay: string | URL): string {
  const text = String(relay);
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (URL.canParse(full) && /^https?:/i.test(full)) return new URL(full).origin;
  throw new PorchlightError('bad_request', `"${text}" is no address of a relay: give https://relay.example`);
}
