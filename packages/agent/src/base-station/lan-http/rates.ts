/** Addresses remembered; the one that was quiet longest is forgotten. More than a home network has. */
const ADDRESSES_MAX = 1_024;
/** A device asks every few seconds; a page that looks on, a little more often. */
const BURST = 40;
const REFILL_MS = 250;

/** How often each address may ask. */
export class Rates {
  readonly #now: () => number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  /** @param now a monotonic clock, in ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** False: too often. */
  take(address: string): boolean {
    const now = this.#now();
    const before = this.#buckets.get(address);
    const left = before === undefined ? BURST : Math.min(BURST, before.left + (now - before.at) / REFILL_MS);
    // The newest comes last.
    this.#buckets.delete(address);
    this.#buckets.set(address, { left: Math.max(0, left - 1), at: now });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > ADDRESSES_MAX && oldest !== undefined) this.#buckets.delete(oldest);
    return left >= 1;
  }

  get size(): number {
    return this.#buckets.size;
  }
}
