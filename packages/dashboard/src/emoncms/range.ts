import { type Range, SPAN_MAX, SPAN_MIN } from './view-state.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Ranges on a click. */
export const SPANS = [
  { label: '1 h', name: 'Last hour', span: HOUR },
  { label: '6 h', name: 'Last 6 hours', span: 6 * HOUR },
  { label: '24 h', name: 'Last 24 hours', span: DAY },
  { label: '7 d', name: 'Last 7 days', span: 7 * DAY },
  { label: '30 d', name: 'Last 30 days', span: 30 * DAY },
  { label: '1 y', name: 'Last year', span: 365 * DAY },
] as const;

/** Points that a line is drawn with unless a person asks for more: about one a pixel, and little for the uplink. */
const POINTS = 1_200;
/** emoncms gives up to 8928 points at once. */
const POINTS_MAX = 8_900;
/** Seconds between points. */
const INTERVALS = [
  5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
  172_800, 604_800, 2_592_000,
] as const;

/** Start and end of a range in ms, as it is now. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export function stretchOf(range: Range, now: number): Stretch {
  return range.kind === 'fixed'
    ? { from: range.from, to: range.to }
    : { from: Math.max(0, now - range.span), to: now };
}

/** Seconds between points for a stretch: what was wished for if emoncms can give that, else what fits. */
export function intervalFor({ from, to }: Stretch, wished?: number): number {
  const seconds = (to - from) / 1000;
  if (wished !== undefined && seconds / wished <= POINTS_MAX) return wished;
  return INTERVALS.find((interval) => seconds / interval <= POINTS) ?? Math.ceil(seconds / POINTS);
}

/** Intervals that can be asked for over a stretch. */
export function intervalsFor({ from, to }: Stretch): readonly number[] {
  const points = (interval: number) => (to - from) / 1000 / interval;
  return INTERVALS.filter((interval) => points(interval) <= POINTS_MAX && points(interval) >= 2);
}

/** A range that begins and ends elsewhere; never shorter than a minute, never before 1970. */
export function fixedRange(from: number, to: number): Range {
  const span = Math.min(SPAN_MAX, Math.max(SPAN_MIN, Math.round(to - from)));
  const start = Math.max(0, Math.round((from + to) / 2 - span / 2));
  return { kind: 'fixed', from: start, to: start + span };
}

/** `factor` 0.5 shows half as much, 2 twice as much. What goes on goes on. */
export function zoomed(range: Range, now: number, factor: number): Range {
  const { from, to } = stretchOf(range, now);
  if (range.kind === 'last') {
    return { kind: 'last', span: Math.min(SPAN_MAX, Math.max(SPAN_MIN, Math.round((to - from) * factor))) };
  }
  const middle = (from + to) / 2;
  const half = ((to - from) / 2) * factor;
  return fixedRange(middle - half, middle + half);
}

/** Moved by a share of itself; what is moved to the present goes on from there. */
export function panned(range: Range, now: number, share: number): Range {
  const { from, to } = stretchOf(range, now);
  const by = (to - from) * share;
  if (by > 0 && to + by >= now) return { kind: 'last', span: to - from };
  return fixedRange(from + by, to + by);
}

/** `10 s`, `5 min`, `1 h`, `1 d`. */
export function formatInterval(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
