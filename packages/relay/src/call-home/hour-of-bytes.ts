const MINUTES = 60;
const MINUTE_MS = 60_000;

/** Bytes of the last hour, minute by minute: the present minute and the 59 before it. */
export class HourOfBytes {
  readonly #minutes = new Float64Array(MINUTES);
  /** The minute that was last counted in, since 1970. */
  #last = 0;

  /** @param at ms since 1970 */
  add(bytes: number, at: number): void {
    this.#forget(at);
    const slot = this.#last % MINUTES;
    this.#minutes[slot] = (this.#minutes[slot] ?? 0) + bytes;
  }

  sum(at: number): number {
    this.#forget(at);
    return this.#minutes.reduce((all, one) => all + one, 0);
  }

  #forget(at: number): void {
    const minute = Math.floor(at / MINUTE_MS);
    if (minute - this.#last >= MINUTES) this.#minutes.fill(0);
    else for (let past = this.#last + 1; past <= minute; past += 1) this.#minutes[past % MINUTES] = 0;
    this.#last = Math.max(this.#last, minute);
  }
}
