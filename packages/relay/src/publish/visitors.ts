import type { IncomingMessage } from 'node:http';
import { ANONYMOUS, bearerToken, type Identities, type Identity } from '../access/index.ts';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events.ts';
import type { SignOn } from './sign-on.ts';

/** Identities kept for a moment, so that a page's hundred requests resolve it once. */
const CACHE_MAX = 20_000;
const CACHE_LIFE_MS = 15_000;

export const VISIT_COOKIE = { secure: '__Host-porchlight-visit', plain: 'porchlight-visit' } as const;
export const STATE_COOKIE = { secure: '__Host-porchlight-state', plain: 'porchlight-state' } as const;

/** Finds out who visits a published host: by its own cookie, or by an access token. */
export class Visitors {
  readonly #identities: Pick<Identities, 'bySession' | 'byAccessToken'>;
  readonly #signOn: Pick<SignOn, 'readCookie'>;
  readonly #clock: Clock;
  readonly #cache = new Map<string, { readonly identity: Identity; readonly until: number }>();
  readonly #unsubscribe: () => void;
  #drops = 0;

  constructor(parts: {
    identities: Pick<Identities, 'bySession' | 'byAccessToken'>;
    signOn: Pick<SignOn, 'readCookie'>;
    events: EventBus;
    clock: Clock;
  }) {
    this.#identities = parts.identities;
    this.#signOn = parts.signOn;
    this.#clock = parts.clock;
    this.#unsubscribe = parts.events.subscribe(({ type }) => {
      const ends = type === 'sessions-ended' || type === 'access-token-revoked';
      if (!ends && type !== 'account-changed' && type !== 'account-removed') return;
      this.#drops += 1;
      this.#cache.clear();
    });
  }

  /** At once when it was asked a moment ago, otherwise as a promise. */
  identify(req: IncomingMessage, host: string, secure: boolean): Identity | Promise<Identity> {
    const { authorization, cookie } = req.headers;
    const bearer = authorization === undefined ? undefined : bearerToken(authorization);
    const visit =
      bearer === undefined && cookie !== undefined
        ? cookieValue(cookie, secure ? VISIT_COOKIE.secure : VISIT_COOKIE.plain)
        : undefined;
    if (bearer === undefined && visit === undefined) return ANONYMOUS;
    const key = bearer === undefined ? `v ${host} ${visit}` : `b ${bearer}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined && cached.until > this.#clock.monotonic()) return cached.identity;
    return this.#resolve(key, bearer, visit ?? '', host);
  }

  close(): void {
    this.#unsubscribe();
    this.#cache.clear();
  }

  async #resolve(key: string, bearer: string | undefined, visit: string, host: string): Promise<Identity> {
    const drops = this.#drops;
    const identity =
      bearer === undefined ? await this.#ofCookie(visit, host) : await this.#identities.byAccessToken(bearer);
    // Nobody is not kept: rubbish must not push out real visitors.
    if (identity.kind !== 'anonymous' && drops === this.#drops) {
      if (this.#cache.size >= CACHE_MAX) this.#cache.clear();
      this.#cache.set(key, { identity, until: this.#clock.monotonic() + CACHE_LIFE_MS });
    }
    return identity;
  }

  #ofCookie(visit: string, host: string): Identity | Promise<Identity> {
    const claim = this.#signOn.readCookie(visit, host);
    return claim === undefined ? ANONYMOUS : this.#identities.bySession(claim.accountId, claim.sessionId);
  }
}

/** The value of a cookie in a Cookie header; undefined when it is not there. */
export function cookieValue(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
