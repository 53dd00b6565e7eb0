import { RETAINED_MAX } from './limits.ts';

/** Accounts whose count is remembered; the one unused for longest goes. */
const ACCOUNTS_MAX = 10_000;

/**
 * Bounds how many messages are retained for an account. Counted exactly only when the count and what was retained
 * since could reach the limit: most retained messages replace an earlier one.
 */
export class RetainedLimit {
  readonly #count: (accountId: string) => Promise<number>;
  /** At most so many. */
  readonly #upTo = new Map<string, number>();

  constructor(count: (accountId: string) => Promise<number>) {
    this.#count = count;
  }

  /** Notes one more; false when there is no place for it. */
  async take(accountId: string): Promise<boolean> {
    let upTo = this.#upTo.get(accountId);
    if (upTo === undefined || upTo >= RETAINED_MAX) upTo = await this.#count(accountId);
    this.#upTo.delete(accountId);
    this.#upTo.set(accountId, upTo + 1);
    if (this.#upTo.size > ACCOUNTS_MAX) {
      const oldest = this.#upTo.keys().next();
      if (oldest.done !== true) this.#upTo.delete(oldest.value);
    }
    return upTo < RETAINED_MAX;
  }
}
