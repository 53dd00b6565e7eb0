import type { Clock } from '../clock.ts';

/** So many at once, and then so many a second: for what one connection may ask of the relay. */
export class Allowance {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #at: number;

  constructor(clock: Clock, limits: { burst: number; perSecond: number }) {
    this.#clock = clock;
    this.#burst = limits.burst;
    this.#perSecond = limits.perSecond;
    this.#left = limits.burst;
    this.#at = clock.monotonic();
  }

  /** False when it is used up. */
  take(): boolean {
    const now = this.#clock.monotonic();
    const grown = this.#left + ((now - this.#at) / 1000) * this.#perSecond;
    this.#at = now;
    this.#left = Math.min(this.#burst, grown);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
