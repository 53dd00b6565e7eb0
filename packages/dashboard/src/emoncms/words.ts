import type { EmoncmsFeed, Service } from '@porchlight/protocol/api';

const SECOND = 1000;

/** How recent a value is, as emoncms tells it by colour. */
export type Freshness = 'now' | 'recent' | 'late' | 'old' | 'never';

export function freshnessOf(at: number | null, now: number): Freshness {
  if (at === null) return 'never';
  const age = now - at;
  if (age <= 25 * SECOND) return 'now';
  if (age <= 60 * SECOND) return 'recent';
  return age <= 2 * 3600 * SECOND ? 'late' : 'old';
}

/** A value with its unit, with as many digits as say something. */
export function formatValue(value: number | null, unit: string): string {
  if (value === null) return '–';
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size === 0 ? 2 : 4;
  const text = value.toLocaleString(undefined, { maximumFractionDigits: digits });
  return unit === '' ? text : `${text} ${unit}`;
}

/** Kind of storage, in words. */
export function engineName(engine: number | undefined): string {
  if (engine === 5) return 'fixed interval';
  if (engine === 2) return 'time series';
  return engine === undefined ? 'unknown' : `engine ${engine}`;
}

/** Feeds by tag, tags in order, feeds in the order that emoncms gives. */
export function groupByTag<T extends Pick<EmoncmsFeed, 'tag'>>(feeds: readonly T[]): [tag: string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const feed of feeds) {
    const group = groups.get(feed.tag);
    if (group === undefined) groups.set(feed.tag, [feed]);
    else group.push(feed);
  }
  return [...groups].sort(([a], [b]) => a.localeCompare(b));
}

/** Whether a service is an emoncms by its name, as the preset calls it. */
export function isEmoncms({ name, kind }: Pick<Service, 'name' | 'kind'>): boolean {
  return kind !== 'tcp' && name.startsWith('emon');
}

/** What a line of a graph is called. */
export function lineName({ tag, name, unit }: Pick<EmoncmsFeed, 'tag' | 'name' | 'unit'>): string {
  return `${tag === '' ? '' : `${tag}: `}${name}${unit === '' ? '' : ` (${unit})`}`;
}
