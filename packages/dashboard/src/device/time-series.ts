/** Two columns for a plot: seconds since 1970, and values; null breaks the line. */
export type TimeSeries = [at: number[], value: (number | null)[]];

/** What was measured at an instant, ms since 1970; without a value it is a hole. */
export interface Point {
  readonly at: number;
  readonly value: number | undefined;
}

/** A hole longer than this many usual intervals breaks the line, so that nothing is invented for an outage. */
const HOLE = 2.5;

/** The points, in order of time, as plot columns. */
export function timeSeries(points: readonly Point[]): TimeSeries {
  const measured = points.filter((point) => point.value !== undefined);
  const usual = usualInterval(measured.map((point) => point.at));
  const series: TimeSeries = [[], []];
  let before: number | undefined;
  for (const { at, value = null } of measured) {
    if (before !== undefined && at - before > usual * HOLE) push(series, (before + at) / 2, null);
    push(series, at, value);
    before = at;
  }
  return series;
}

function push([ats, values]: TimeSeries, at: number, value: number | null): void {
  ats.push(at / 1000);
  values.push(value);
}

/** The median distance between neighbours; holes are rare, so they do not move it. */
function usualInterval(ats: readonly number[]): number {
  const steps = ats.slice(1).map((at, i) => at - (ats[i] ?? at));
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
}
