/** Shortest and longest interval that a device is taken to keep, in seconds. */
export const INTERVAL_MIN_S = 10;
export const INTERVAL_MAX_S = 24 * 3600;
/** What a device is taken to keep until it has called twice: what cron can do at most. */
export const INTERVAL_DEFAULT_S = 60;
/** Connections that follow each other within this belong to one call: `beat`, then `inbox`, then `ssh -R`. */
const SAME_CALL_MS = 8_000;
/** Gaps between calls that are looked at. Of five, two may be wrong: missed calls, somebody who calls by hand. */
const GAPS = 5;

/** How often a device calls, learned from its calls: the median of the last gaps between them. */
export class LearnedInterval {
  readonly #gaps: number[];
  #callAt: number | undefined;

  /** @param before what was learned in earlier runs of the relay: seconds, and the last call in ms since 1970 */
  constructor(before: { readonly seconds: number | undefined; readonly lastAt: number | undefined }) {
    // As heavy as a majority, so that the gap which the relay's own absence made does not count.
    this.#gaps = before.seconds === undefined ? [] : Array<number>(3).fill(before.seconds);
    this.#callAt = before.lastAt;
  }

  /** A connection at this time, in ms since 1970. */
  note(at: number): void {
    const before = this.#callAt;
    if (before !== undefined && at - before >= 0 && at - before < SAME_CALL_MS) return;
    this.#callAt = at;
    if (before === undefined || at < before) return;
    const gap = Math.round((at - before) / 1000);
    this.#gaps.push(Math.min(Math.max(gap, INTERVAL_MIN_S), INTERVAL_MAX_S));
    if (this.#gaps.length > GAPS) this.#gaps.shift();
  }

  /** Undefined: it has called but once. */
  get seconds(): number | undefined {
    return [...this.#gaps].sort((a, b) => a - b)[this.#gaps.length >> 1];
  }
}
