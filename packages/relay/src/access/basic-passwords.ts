import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { PorchlightError } from '@porchlight/protocol';
import type { Passwords } from '../accounts/index.ts';
import type { Clock } from '../clock.ts';
import type { ServiceRecord, ServiceUser } from '../devices/index.ts';
import { addressKey, TokenBuckets } from '../token-buckets.ts';
import { BoundedCache } from './bounded-cache.ts';

/** What the `Authorization: Basic` header of a visitor turned out to be. */
export type BasicCheck = 'absent' | 'wrong' | 'right';

/** Wrong passwords for one service from one address. */
const FAILURES = { capacity: 10, refillMs: 30_000 };
/** From one address for all services: thousands of them must not take all the places where passwords are checked. */
const FAILURES_OF_ADDRESS = { capacity: 40, refillMs: 5_000 };
/** Verified credentials kept, so that argon2 does not run for each request. */
const VERIFIED_MAX = 10_000;
const VERIFIED_LIFE_MS = 10 * 60_000;
const HEADER_MAX = 1_024;

/** Checks the passwords of services in mode `basic` (RFC 7617). */
export class BasicPasswords {
  readonly #passwords: Passwords;
  readonly #clock: Clock;
  readonly #failures: TokenBuckets;
  readonly #ofAddress: TokenBuckets;
  /** HMAC of service and credential under a key of this process → the stored hash it fitted, and when (monotonic). */
  readonly #verified = new BoundedCache<{ readonly hash: string; readonly at: number }>(VERIFIED_MAX);
  readonly #key = randomBytes(32);

  constructor(parts: { passwords: Passwords; clock: Clock }) {
    this.#passwords = parts.passwords;
    this.#clock = parts.clock;
    this.#failures = new TokenBuckets(FAILURES, parts.clock);
    this.#ofAddress = new TokenBuckets(FAILURES_OF_ADDRESS, parts.clock);
  }

  /** @throws PorchlightError `too_many_requests`, `busy` */
  async check(
    deviceId: string,
    service: Pick<ServiceRecord, 'name' | 'users'>,
    from: { authorization: string | undefined; address: string },
  ): Promise<BasicCheck> {
    const credential = parseBasic(from.authorization);
    if (credential === undefined) return 'absent';
    if (service.users.length === 0) return 'wrong';
    const key = this.#digest(JSON.stringify([deviceId, service.name, credential])).toString('base64');
    const verified = this.#verified.use(key);
    // The hash must still be that user's, so that a changed password or a removed user holds at once.
    if (
      verified !== undefined &&
      this.#clock.monotonic() - verified.at < VERIFIED_LIFE_MS &&
      service.users.some(
        ({ name, passwordHash }) => name === credential.user && passwordHash === verified.hash,
      )
    ) {
      return 'right';
    }
    const address = addressKey(from.address);
    const bucket = `${address} ${deviceId} ${service.name}`;
    const giveBack = (): void => {
      this.#failures.giveBack(bucket);
      this.#ofAddress.giveBack(address);
    };
    let wait = this.#failures.take(bucket);
    if (wait === 0) {
      wait = this.#ofAddress.take(address);
      if (wait > 0) this.#failures.giveBack(bucket);
    }
    if (wait > 0) {
      const detail = { retryAfter: Math.ceil(wait / 1000) };
      throw new PorchlightError('too_many_requests', 'Too many wrong passwords; wait before trying again', {
        detail,
      });
    }
    const hash = this.#hashOf(service.users, credential.user);
    let right = false;
    try {
      right = await this.#passwords.verify(hash, credential.password);
    } catch (error) {
      giveBack();
      throw error;
    }
    if (!right || hash === undefined) return 'wrong';
    giveBack();
    this.#verified.set(key, { hash, at: this.#clock.monotonic() });
    return 'right';
  }

  /** The stored hash of the user with that name; takes as long whichever of them it is, or none. */
  #hashOf(users: readonly ServiceUser[], name: string): string | undefined {
    const asked = this.#digest(name);
    let hash: string | undefined;
    for (const user of users) {
      if (timingSafeEqual(asked, this.#digest(user.name))) hash = user.passwordHash;
    }
    return hash;
  }

  #digest(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}

/** User and password of an `Authorization: Basic` header (RFC 7617 §2); undefined when it is none. */
export function parseBasic(header: string | undefined): { user: string; password: string } | undefined {
  if (header === undefined || header.length > HEADER_MAX) return undefined;
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
