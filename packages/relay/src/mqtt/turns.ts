import type { Clock } from '../clock.ts';
import { type Rate, TokenBuckets } from '../token-buckets.ts';

/** Makes whoever is too fast wait, and with it the reading of its connection. */
export class Turns {
  readonly #buckets: TokenBuckets;
  readonly #clock: Clock;

  constructor(rate: Rate, clock: Clock) {
    this.#buckets = new TokenBuckets(rate, clock);
    this.#clock = clock;
  }

  /** Resolves when it is the turn of the next one of `who`. */
  async next(who: string): Promise<void> {
    for (;;) {
      const wait = this.#buckets.take(who);
      if (wait === 0) return;
      await new Promise<void>((resolve) => this.#clock.after(wait, resolve));
    }
  }
}
