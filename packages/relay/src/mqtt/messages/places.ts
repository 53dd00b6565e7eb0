/** So many at the same time for each key; who comes later waits for a place, in order. */
export class Places {
  readonly #max: number;
  readonly #taken = new Map<string, { count: number; readonly waiting: (() => void)[] }>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Resolves with what gives the place back. */
  async enter(key: string): Promise<() => void> {
    const here = this.#taken.get(key) ?? { count: 0, waiting: [] };
    this.#taken.set(key, here);
    if (here.count < this.#max) here.count += 1;
    else await new Promise<void>((resolve) => here.waiting.push(resolve));
    return () => {
      // The next one takes over the place, so that nobody can slip in between.
      const next = here.waiting.shift();
      if (next !== undefined) return next();
      here.count -= 1;
      if (here.count === 0) this.#taken.delete(key);
    };
  }
}
