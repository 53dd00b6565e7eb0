/**
 * Meters for the hot path: a change writes one number into a typed array and allocates nothing. Those of prom-client
 * build a text key at each change, even with fixed labels; so it learns our numbers only when its page is asked for.
 */

/** A number that grows, or goes up and down. */
export class Meter {
  readonly #cell = new Float64Array(1);

  add(n: number): void {
    this.#cell[0] = (this.#cell[0] ?? 0) + n;
  }

  get value(): number {
    return this.#cell[0] ?? 0;
  }
}

/** How often which size was seen. */
export class Spread {
  /** Upper bounds, ascending; what is larger than all goes into one more bucket. */
  readonly bounds: readonly number[];
  readonly #bounds: Float64Array;
  readonly #counts: Float64Array;
  readonly #sum = new Float64Array(1);

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#bounds = Float64Array.from(bounds);
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(size: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && size > (this.#bounds[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum[0] = (this.#sum[0] ?? 0) + size;
  }

  get sum(): number {
    return this.#sum[0] ?? 0;
  }

  /** How many were at most as large as each bound, and at the end how many there were. */
  cumulative(): number[] {
    let total = 0;
    return Array.from(this.#counts, (count) => (total += count));
  }
}
