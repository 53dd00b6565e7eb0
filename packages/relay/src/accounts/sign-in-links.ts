import type { Clock } from '../clock.ts';
import { hashSecret, newSecret } from '../secrets.ts';

/** Links not yet used; the oldest makes room. */
const LINKS_MAX = 100;

/** One-time sign-in links, such as `npm start` prints. Kept in memory only: a restart makes them void. */
export class SignInLinks {
  readonly #links = new Map<string, { accountId: string; expiresAt: number }>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The token of a link that signs in to the account once, within `ttlMs`. */
  create(accountId: string, ttlMs: number): string {
    const token = newSecret('pll_');
    this.#links.set(hashSecret(token), { accountId, expiresAt: this.#clock.monotonic() + ttlMs });
    if (this.#links.size > LINKS_MAX) {
      const oldest = this.#links.keys().next();
      if (oldest.done !== true) this.#links.delete(oldest.value);
    }
    return token;
  }

  /** The account of a token, which is void from now on; undefined when it is unknown, used or too old. */
  redeem(token: string): string | undefined {
    const hash = hashSecret(token);
    const link = this.#links.get(hash);
    this.#links.delete(hash);
    return link === undefined || link.expiresAt <= this.#clock.monotonic() ? undefined : link.accountId;
  }
}
