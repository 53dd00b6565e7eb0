import { RETAINED_BYTES_MAX, RETAINED_MAX } from './limits.ts';

/** Accounts whose count is remembered; the one unused for longest goes. */
const ACCOUNTS_MAX = 10_000;

export interface RetainedLimitParts {
  /** How many messages are retained for an account, those included that are being written. */
  readonly count: (accountId: string) => Promise<{ readonly count: number; readonly bytes: number }>;
  /** Is a message retained under this topic? */
  readonly has: (topic: string) => Promise<boolean>;
}

interface Known {
  /** At most so many are retained. */
  upTo: number;
  /** At most so many bytes of payload. */
  bytesUpTo: number;
  counting: Promise<void> | undefined;
}

/**
 * Bounds how many messages are retained for an account. Counted exactly only when the count and what was retained
 * since could reach the limit: most retained messages replace an earlier one, which is allowed always.
 */
export class RetainedLimit {
  readonly #parts: RetainedLimitParts;
  readonly #accounts = new Map<string, Known>();

  constructor(parts: RetainedLimitParts) {
    this.#parts = parts;
  }

  /** Notes one more, with so many bytes; false when there is no place for it. */
  async take(accountId: string, topic: string, bytes: number): Promise<boolean> {
    const known = this.#accounts.get(accountId) ?? { upTo: RETAINED_MAX, bytesUpTo: 0, counting: undefined };
    this.#accounts.delete(accountId);
    this.#accounts.set(accountId, known);
    this.#forgetOldest();
    if (known.upTo >= RETAINED_MAX || known.bytesUpTo + bytes > RETAINED_BYTES_MAX)
      await this.#count(accountId, known);
    // From here to the end of this turn, so that those who waited for the same count are not all let in by it.
    if (known.bytesUpTo + bytes > RETAINED_BYTES_MAX) return false;
    known.bytesUpTo += bytes;
    if (known.upTo < RETAINED_MAX) {
      known.upTo += 1;
      return true;
    }
    return this.#parts.has(topic);
  }

  #count(accountId: string, known: Known): Promise<void> {
    known.counting ??= this.#parts
      .count(accountId)
      .then(({ count, bytes }) => {
        known.upTo = count;
        known.bytesUpTo = bytes;
      })
      .finally(() => {
        known.counting = undefined;
      });
    return known.counting;
  }

  #forgetOldest(): void {
    if (this.#accounts.size <= ACCOUNTS_MAX) return;
    const oldest = this.#accounts.keys().next();
    if (oldest.done !== true) this.#accounts.delete(oldest.value);
  }
}
