import type { Clock } from './clock.ts';

/** `capacity` at once, then one more each `refillMs`. */
export interface Rate {
  readonly capacity: number;
  readonly refillMs: number;
}

/** Keys kept at most; the one not used for longest makes room. 10 000 entries take about 2 MB. */
const KEYS_MAX = 10_000;

interface Bucket {
  tokens: number;
  /** Monotonic ms up to which `tokens` has been refilled. */
  at: number;
}

/** Token buckets by key, bounded in number. A key never seen has a full bucket. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>();
  readonly #rate: Rate;
  readonly #clock: Clock;
  readonly #keysMax: number;

  constructor(rate: Rate, clock: Clock, keysMax = KEYS_MAX) {
    this.#rate = rate;
    this.#clock = clock;
    this.#keysMax = keysMax;
  }

  /** Takes one token and gives 0, or takes none and gives the ms until there is one. */
  take(key: string): number {
    const bucket = this.#refilled(key);
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) * this.#rate.refillMs);
    bucket.tokens -= 1;
    return 0;
  }

  /** Gives back what {@link take} took, when the thing limited did not happen after all. */
  giveBack(key: string): void {
    const bucket = this.#refilled(key);
    bucket.tokens = Math.min(this.#rate.capacity, bucket.tokens + 1);
    if (bucket.tokens >= this.#rate.capacity) this.#buckets.delete(key);
  }

  get size(): number {
    return this.#buckets.size;
  }

  #refilled(key: string): Bucket {
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#rate.capacity, at: now };
    bucket.tokens = Math.min(this.#rate.capacity, bucket.tokens + (now - bucket.at) / this.#rate.refillMs);
    bucket.at = now;
    // Put at the end: a Map keeps the order of insertion, so the first key is the one unused for longest.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.#keysMax) {
      const oldest = this.#buckets.keys().next();
      if (oldest.done !== true) this.#buckets.delete(oldest.value);
    }
    return bucket;
  }
}

/** What an address counts as for limits: an IPv4 address, or the /64 of an IPv6 one, which one customer has whole. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!address.includes(':')) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const right = tail === '' ? [] : tail.split(':');
    while (left.length + right.length < 8) left.push('0');
    left.push(...right);
  }
  return `${left
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
