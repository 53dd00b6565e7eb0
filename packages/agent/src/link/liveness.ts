import { PING_DEADLINE_MS, PING_INTERVAL_MS } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';

/** Round trips are told in steps of 0.01 ms. */
const RTT_STEPS = 100;

export interface LivenessParts {
  readonly clock: Clock;
  /** Sends ping number `n`, with what the last round trip took. */
  readonly send: (n: number, rtt: number | undefined) => void;
  readonly onRtt: (ms: number) => void;
  /** The last ping was not answered in time. */
  readonly onDead: () => void;
}

/** Asks the relay for a sign of life at regular intervals, through the data path, each with a deadline. */
export class Liveness {
  readonly #parts: LivenessParts;
  #count = 0;
  #sentAt = 0;
  #waiting = false;
  #rtt: number | undefined;
  #stopped = false;
  #cancel: () => void = () => undefined;

  constructor(parts: LivenessParts) {
    this.#parts = parts;
  }

  /** Pings now and then at intervals; also to ask out of turn. An answer that is already awaited is enough. */
  ask(): void {
    if (this.#stopped || this.#waiting) return;
    const { clock, send, onDead } = this.#parts;
    this.#count += 1;
    this.#waiting = true;
    this.#sentAt = clock.monotonic();
    this.#cancel();
    this.#cancel = clock.after(PING_DEADLINE_MS, onDead);
    send(this.#count, this.#rtt);
  }

  /** True once it has begun. */
  get begun(): boolean {
    return this.#count > 0;
  }

  /** The relay answered ping `n`; any other than the last one is late and means nothing. */
  pong(n: number): void {
    if (n !== this.#count || !this.#waiting || this.#stopped) return;
    const { clock, onRtt } = this.#parts;
    const first = this.#rtt === undefined;
    this.#waiting = false;
    this.#rtt = Math.round((clock.monotonic() - this.#sentAt) * RTT_STEPS) / RTT_STEPS;
    this.#cancel();
    // The relay learns a round trip with the next ping: the second comes at once, so that it has one.
    this.#cancel = clock.after(first ? 0 : PING_INTERVAL_MS, () => this.ask());
    onRtt(this.#rtt);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }
}
