/** One line of the result: a figure of ours, what it is held against, and the bar. */
export interface Line {
  readonly what: string;
  /** Our figure, for people: `12 345/s`. */
  readonly ours: string;
  /** The peer's figure from the same run; absent where the bar is absolute. */
  readonly peer?: string;
  /** What is compared with the bar: a ratio, or an amount in `unit`. */
  readonly value: number;
  readonly unit: string;
  readonly bar: { readonly atLeast: number } | { readonly atMost: number };
  /** How it was measured, in a few words. */
  readonly note?: string;
  /** Further figures for the JSON file. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** A part of the bench that can be run alone: `npm run bench -- NAME`. */
export interface Row {
  readonly name: string;
  readonly what: string;
  run(scene: Scene): Promise<Line[]>;
}

/** What a row puts up; everything is taken down in reverse order when it ends, however it ends. */
export interface Scene {
  /** Gives what `open` opened; `close` is called at the end. */
  use<T>(open: Promise<T> | T, close: (it: T) => unknown): Promise<T>;
  say(text: string): void;
}

export function passes({ value, bar }: Line): boolean {
  return 'atLeast' in bar ? value >= bar.atLeast : value <= bar.atMost;
}

/** Runs a row in a scene of its own. */
export async function runRow(
  row: Row,
  say: (text: string) => void,
  ends: (() => Promise<void>)[],
): Promise<Line[]> {
  try {
    return await row.run({
      say,
      async use(open, close) {
        const it = await open;
        ends.push(async () => {
          await close(it);
        });
        return it;
      },
    });
  } finally {
    await takeDown(ends);
  }
}

/** Ends all that is up, last first; a failure of one does not keep the others up. */
export async function takeDown(ends: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    await end().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be taken down');
}
