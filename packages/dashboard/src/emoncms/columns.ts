/** One feed's points, in order of time; ms. */
export interface Points {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
}

/** Points of several feeds over one set of times. undefined: the feed has no point then; null: a gap. */
export interface Columns {
  readonly times: number[];
  readonly values: (number | null | undefined)[][];
}

export function joinColumns(feeds: readonly Points[]): Columns {
  const [only] = feeds;
  if (only !== undefined && feeds.every(({ times }) => sameTimes(times, only.times))) {
    return { times: [...only.times], values: feeds.map(({ values }) => [...values]) };
  }
  const times = [...new Set(feeds.flatMap((feed) => feed.times))].sort((a, b) => a - b);
  const place = new Map(times.map((time, at) => [time, at]));
  const values = feeds.map((feed) => {
    const column = Array.from<number | null | undefined>({ length: times.length });
    feed.times.forEach((time, n) => {
      column[place.get(time) ?? 0] = feed.values[n] ?? null;
    });
    return column;
  });
  return { times, values };
}

/** The points, and a newer one from elsewhere. */
export function withLast(points: Points, last: { at: number; value: number } | undefined): Points {
  if (last === undefined || last.at <= (points.times.at(-1) ?? 0)) return points;
  return { times: [...points.times, last.at], values: [...points.values, last.value] };
}

/** Lowest, highest and mean value of those within a stretch; undefined: there is none. */
export function summaryOf(
  { times, values }: Points,
  { from, to }: { readonly from: number; readonly to: number },
): { min: number; max: number; mean: number } | undefined {
  let [min, max, sum, count] = [Infinity, -Infinity, 0, 0];
  values.forEach((value, n) => {
    const at = times[n] ?? 0;
    if (value === null || at < from || at > to) return;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    count += 1;
  });
  return count === 0 ? undefined : { min, max, mean: sum / count };
}

function sameTimes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((time, n) => time === b[n]);
}
