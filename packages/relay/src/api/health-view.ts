import type { Health } from '@porchlight/protocol/api';
import type { HealthSample, LinkEvent, RelayRun } from '../devices/index.ts';

type Period = Health['periods'][number];

export interface HealthFacts {
  readonly from: number;
  readonly to: number;
  /** When the device was made known: what was before does not count. */
  readonly createdAt: number;
  readonly runs: readonly RelayRun[];
  /** In order; the first may lie before `from`. */
  readonly events: readonly LinkEvent[];
  readonly samples: readonly HealthSample[];
  /** The link as it is at `to`, which may be ahead of the events written. */
  readonly link: { readonly up: boolean; readonly since?: number | undefined };
  /** Samples are joined into intervals of so many ms. */
  readonly bucketMs: number;
}

/** Uptime, periods and samples of one device. A span without a running relay is `unknown` and does not count. */
export function healthView(facts: HealthFacts): Health {
  const since = Math.max(facts.from, facts.createdAt);
  // Before its first link a device was not away: it had not come yet.
  const [first] = withPresent(facts);
  const begin = first === undefined || first.at < since ? since : first.at;
  const from = Math.min(begin, facts.to);
  const periods = periodsOf(facts, from);
  let up = 0;
  let down = 0;
  for (const period of periods) {
    if (period.state === 'up') up += period.to - period.from;
    if (period.state === 'down') down += period.to - period.from;
  }
  return {
    from,
    to: facts.to,
    uptime: up + down === 0 ? 0 : up / (up + down),
    periods,
    samples: joined(facts.samples, facts.bucketMs),
  };
}

function periodsOf(facts: HealthFacts, from: number): Period[] {
  const { to } = facts;
  const events = withPresent(facts);
  const periods: Period[] = [];
  const add = (start: number, end: number, state: Period['state']) => {
    const clipped = { from: Math.max(start, from), to: Math.min(end, to), state };
    if (clipped.to <= clipped.from) return;
    const last = periods.at(-1);
    if (last?.state === state) last.to = clipped.to;
    else periods.push(clipped);
  };
  let at = from;
  let next = 0;
  for (const run of facts.runs) {
    if (run.to <= at) continue;
    add(at, run.from, 'unknown');
    // A link does not outlive the relay: each run begins with the link down, until an event of that run says up.
    let state: 'up' | 'down' = 'down';
    let since = run.from;
    for (let event = events[next]; event !== undefined && event.at < run.to; event = events[next]) {
      next += 1;
      if (event.at < run.from) continue;
      add(Math.max(since, at), event.at, state);
      state = event.state;
      since = event.at;
    }
    add(Math.max(since, at), run.to, state);
    at = Math.max(at, run.to);
  }
  add(at, to, 'unknown');
  return periods;
}

/** The events, and the present state behind them where it is not written yet. */
function withPresent({ events, link, to }: HealthFacts): LinkEvent[] {
  const last = events.at(-1);
  const deviceId = last?.deviceId ?? '';
  const all = [...events];
  const at = link.since ?? to;
  if (link.up && (last?.state !== 'up' || last.at < at)) all.push({ deviceId, at, state: 'up' });
  if (!link.up && last?.state === 'up') all.push({ deviceId, at: Math.max(last.at, at), state: 'down' });
  return all.sort((a, b) => a.at - b.at);
}

function joined(samples: readonly HealthSample[], bucketMs: number): Health['samples'] {
  const buckets = new Map<number, { rtts: number[]; bytesIn: number; bytesOut: number }>();
  for (const sample of samples) {
    const at = Math.floor(sample.at / bucketMs) * bucketMs;
    const bucket = buckets.get(at) ?? { rtts: [], bytesIn: 0, bytesOut: 0 };
    if (sample.rtt !== undefined) bucket.rtts.push(sample.rtt);
    bucket.bytesIn += sample.bytesIn;
    bucket.bytesOut += sample.bytesOut;
    buckets.set(at, bucket);
  }
  return [...buckets].map(([at, { rtts, bytesIn, bytesOut }]) => {
    const rtt = rtts.length === 0 ? undefined : rtts.reduce((sum, one) => sum + one, 0) / rtts.length;
    return { at, rtt, bytesIn, bytesOut };
  });
}
