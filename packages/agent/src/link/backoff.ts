/** Longest wait before the first retry, and before any. */
const BASE_MS = 1_000;
const CAP_MS = 60_000;
/** A connection that lived so long was a good one: after it the waits start anew. */
const GOOD_LIFE_MS = 60_000;

/**
 * How long to wait before each new try: full jitter, from 1 s doubling to 60 s. Full, so that a thousand agents that
 * lost the same relay do not come back at the same moment.
 */
export class Backoff {
  readonly #random: () => number;
  #tries = 0;

  /** @param random gives numbers from 0 to 1, 1 excluded */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** ms until the next try. */
  next(): number {
    const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** this.#tries);
    this.#tries = Math.min(this.#tries + 1, 10);
    return Math.round(this.#random() * ceiling);
  }

  /** Tells how long the last connection lived, in ms. */
  lived(ms: number): void {
    if (ms >= GOOD_LIFE_MS) this.#tries = 0;
  }
}
