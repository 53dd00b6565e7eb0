import { type Feed, pointAt, pointCount, START } from './feeds.ts';

/** Most points in one answer, as in emoncms. */
export const POINTS_MAX = 8928;

export type Points = [ms: number, value: number | null][];

/**
 * `feed/data` of a PHPFINA feed: one row every `interval` seconds from `start` to `end` (ms, both included),
 * the times counted from `start` rounded down to a whole interval. A row has the value of the feed's point at or
 * before it, null before the first point and after the last.
 */
export function history(feed: Feed, query: URLSearchParams, now: number): Points | string {
  const start = wholeNumber(query.get('start'));
  const end = wholeNumber(query.get('end'));
  const asked = wholeNumber(query.get('interval'));
  if (start === undefined || end === undefined) return 'start and end must be times in milliseconds';
  if (asked === undefined || asked < 1) return 'interval must be a number of seconds';
  if (end <= start) return 'Request end time before start time';
  const limited = query.get('limitinterval') !== '0';
  const interval = limited ? Math.max(asked, feed.interval) : asked;
  const first = Math.floor(start / 1000 / interval) * interval;
  const rows = Math.floor((Math.floor(end / 1000) - first) / interval) + 1;
  if (rows > POINTS_MAX) {
    return `request datapoint limit reached (${POINTS_MAX}), increase request interval or time range, requested datapoints = ${rows}`;
  }
  const last = START + (pointCount(feed, now) - 1) * feed.interval;
  const points: Points = [];
  for (let row = 0; row < rows; row++) {
    const time = first + row * interval;
    const value = time < START || time > last + feed.interval - 1 ? null : pointAt(feed, time).value;
    if (value !== null || query.get('skipmissing') !== '1') points.push([time * 1000, value]);
  }
  return points;
}

/** A whole number below 10^15 from a query; undefined for all else. */
export function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
