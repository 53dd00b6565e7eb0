import type { Clock } from '../clock.ts';

/** A key that was denied is not heard again for so long. */
const DENIAL_LIFE_MS = 10 * 60_000;
/** Denials remembered at most; the oldest goes first. */
const DENIALS_MAX = 10_000;

/** The keys that a person has said no to, for a while. */
export class Denials {
  readonly #clock: Clock;
  readonly #at = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(fingerprint: string): boolean {
    const at = this.#at.get(fingerprint);
    return at !== undefined && this.#clock.now() - at < DENIAL_LIFE_MS;
  }

  add(fingerprint: string): void {
    this.#at.delete(fingerprint);
    this.#at.set(fingerprint, this.#clock.now());
    for (const oldest of this.#at.keys()) {
      if (this.#at.size <= DENIALS_MAX) break;
      this.#at.delete(oldest);
    }
  }
}
