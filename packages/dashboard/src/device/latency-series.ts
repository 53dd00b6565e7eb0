import type { Health } from '@porchlight/protocol/api';

/** Two columns for the plot: seconds since 1970, and ms; null breaks the line. */
export type LatencySeries = [at: number[], rtt: (number | null)[]];

/** A hole longer than this many usual intervals breaks the line, so that no round trip is invented for an outage. */
const HOLE = 2.5;

/** The samples as plot columns. Samples without a round trip are holes too. */
export function latencySeries(samples: Health['samples']): LatencySeries {
  const measured = samples.filter((sample) => sample.rtt !== undefined);
  const usual = usualInterval(measured.map((sample) => sample.at));
  const series: LatencySeries = [[], []];
  let before: number | undefined;
  for (const { at, rtt = null } of measured) {
    if (before !== undefined && at - before > usual * HOLE) push(series, (before + at) / 2, null);
    push(series, at, rtt);
    before = at;
  }
  return series;
}

function push([ats, rtts]: LatencySeries, at: number, rtt: number | null): void {
  ats.push(at / 1000);
  rtts.push(rtt);
}

/** The median distance between neighbours; holes are rare, so they do not move it. */
function usualInterval(ats: readonly number[]): number {
  const steps = ats.slice(1).map((at, i) => at - (ats[i] ?? at));
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
}
