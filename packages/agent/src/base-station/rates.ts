/** Addresses or names remembered; the one that was quiet longest is forgotten. More than a home network has. */
const KEYS_MAX = 1_024;

/** `burst` at once, then one more each `refillMs`. */
export interface Rate {
  readonly burst: number;
  readonly refillMs: number;
}

/** How often each address, device or program may do something. */
export class Rates {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  /** @param now a monotonic clock, in ms */
  constructor(rate: Rate, now: () => number) {
    this.#rate = rate;
    this.#now = now;
  }

  /** False: too often. */
  take(key: string): boolean {
    return this.waitFor(key) === 0;
  }

  /** Takes one and gives 0, or takes none and gives the ms until there is one. */
  waitFor(key: string): number {
    const bucket = this.#refilled(key);
    if (bucket.left < 1) return Math.ceil((1 - bucket.left) * this.#rate.refillMs);
    bucket.left -= 1;
    return 0;
  }

  /** Gives back what was taken, when the thing limited did not happen after all. */
  giveBack(key: string): void {
    const bucket = this.#refilled(key);
    bucket.left = Math.min(this.#rate.burst, bucket.left + 1);
  }

  get size(): number {
    return this.#buckets.size;
  }

  #refilled(key: string): { left: number; at: number } {
    const now = this.#now();
    const { burst, refillMs } = this.#rate;
    const bucket = this.#buckets.get(key) ?? { left: burst, at: now };
    bucket.left = Math.min(burst, bucket.left + (now - bucket.at) / refillMs);
    bucket.at = now;
    // The newest comes last.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > KEYS_MAX && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}
