/**
 * A line to the relay in simulated time, for tests: bytes leave at `bytesPerMs` in the order in which they were handed
 * over, arrive `delayMs` later, and a mark behind them is answered after as long again.
 */
export class SimulatedLine {
  readonly #line: { readonly bytesPerMs: number; readonly delayMs: number };
  readonly #events: { readonly at: number; readonly call: () => void }[] = [];
  #now = 0;
  /** When the last byte handed over will have left. */
  #free = 0;

  constructor(line: { readonly bytesPerMs: number; readonly delayMs: number }) {
    this.#line = line;
  }

  readonly now = (): number => this.#now;

  /** Bytes that wait before the line. */
  get queued(): number {
    return Math.max(0, this.#free - this.#now) * this.#line.bytesPerMs;
  }

  /** Hands bytes over; gives the time of their arrival. */
  send(bytes: number): number {
    this.#free = Math.max(this.#free, this.#now) + bytes / this.#line.bytesPerMs;
    return this.#free + this.#line.delayMs;
  }

  /** Hands a mark over, as long as a small packet. */
  mark(answered: () => void): void {
    this.at(this.send(52) + this.#line.delayMs, answered);
  }

  at(time: number, call: () => void): void {
    const index = this.#events.findIndex((event) => event.at > time);
    this.#events.splice(index < 0 ? this.#events.length : index, 0, { at: time, call });
  }

  /** Lets the time pass until then. */
  run(until: number): void {
    for (;;) {
      const next = this.#events[0];
      if (next === undefined || next.at > until) break;
      this.#events.shift();
      this.#now = next.at;
      next.call();
    }
    this.#now = until;
  }
}
