/** A clock that stands still until it is moved; satisfies the `Clock` of the relay and of the agent. */
export class FakeClock {
  #now: number;
  #waiting: { at: number; call: () => void; every: number | undefined }[] = [];

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    return this.#wait({ at: this.#now + ms, call, every: undefined });
  }

  every(ms: number, call: () => void): () => void {
    return this.#wait({ at: this.#now + ms, call, every: ms });
  }

  /** How many timers are waiting: to show that nothing is left behind. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Moves time on and calls what became due, in order; lets promises settle between the calls. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      const due = this.#waiting.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#now = Math.max(this.#now, due.at);
      if (due.every === undefined) this.#waiting.splice(this.#waiting.indexOf(due), 1);
      else due.at += due.every;
      due.call();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = until;
    await new Promise((resolve) => setImmediate(resolve));
  }

  #wait(timer: { at: number; call: () => void; every: number | undefined }): () => void {
    this.#waiting.push(timer);
    return () => {
      const index = this.#waiting.indexOf(timer);
      if (index >= 0) this.#waiting.splice(index, 1);
    };
  }
}
