/** What the page shows, as its address says it, so that a link brings it back. */
export interface ViewState {
  /** Service of the device; undefined: to be found. */
  readonly service: string | undefined;
  readonly tab: 'feeds' | 'graph' | 'inputs';
  readonly feeds: readonly ChosenFeed[];
  readonly range: Range;
  /** Seconds between points; undefined: as fits. */
  readonly interval: number | undefined;
}

export interface ChosenFeed {
  readonly id: number;
  /** Undefined: by its unit. */
  readonly axis: Axis | undefined;
}

export type Axis = 'left' | 'right';

/** The last `span` ms, going on; or from one instant to another. */
export type Range =
  | { readonly kind: 'last'; readonly span: number }
  | { readonly kind: 'fixed'; readonly from: number; readonly to: number };

/** Lines that can still be told apart. */
export const FEEDS_MAX = 8;
const ID_MAX = 2_147_483_647;
const DAY = 24 * 3600_000;
export const SPAN_MIN = 60_000;
export const SPAN_MAX = 50 * 366 * DAY;
/** What emoncms can hold: 1970 to 2100. */
const TIME_MAX = 4_102_444_800_000;

export const START_STATE: ViewState = {
  service: undefined,
  tab: 'feeds',
  feeds: [],
  range: { kind: 'last', span: DAY },
  interval: undefined,
};

/** Reads the part of an address after `?`. What is not understood is as if it were not there. */
export function parseViewState(search: string): ViewState {
  const query = new URLSearchParams(search);
  const tab = query.get('tab');
  const interval = whole(query.get('interval'), 1, 31_536_000);
  return {
    service: query.get('service')?.slice(0, 64) || undefined,
    tab: tab === 'graph' || tab === 'inputs' ? tab : 'feeds',
    feeds: parseFeeds(query.get('feeds') ?? ''),
    range: parseRange(query),
    interval,
  };
}

/** The part of an address after `?`, without what goes without saying. */
export function formatViewState({ service, tab, feeds, range, interval }: ViewState): string {
  const query: string[] = [];
  if (service !== undefined) query.push(`service=${encodeURIComponent(service)}`);
  if (tab !== 'feeds') query.push(`tab=${tab}`);
  if (feeds.length > 0) {
    const letters = { left: 'l', right: 'r' } as const;
    query.push(`feeds=${feeds.map(({ id, axis }) => `${id}${axis ? letters[axis] : ''}`).join(',')}`);
  }
  if (range.kind === 'fixed') query.push(`from=${range.from}&to=${range.to}`);
  else if (range.span !== DAY) query.push(`span=${range.span}`);
  if (interval !== undefined) query.push(`interval=${interval}`);
  return query.join('&');
}

function parseFeeds(text: string): ChosenFeed[] {
  const feeds = new Map<number, ChosenFeed>();
  for (const part of text.slice(0, 200).split(',')) {
    const [, digits, letter] = /^(\d{1,10})([lr]?)$/.exec(part) ?? [];
    const id = whole(digits ?? null, 1, ID_MAX);
    if (id === undefined || feeds.size >= FEEDS_MAX) continue;
    feeds.set(id, { id, axis: letter === 'l' ? 'left' : letter === 'r' ? 'right' : undefined });
  }
  return [...feeds.values()];
}

function parseRange(query: URLSearchParams): Range {
  const from = whole(query.get('from'), 0, TIME_MAX);
  const to = whole(query.get('to'), 0, TIME_MAX);
  if (from !== undefined && to !== undefined && to - from >= SPAN_MIN && to - from <= SPAN_MAX) {
    return { kind: 'fixed', from, to };
  }
  const span = whole(query.get('span'), SPAN_MIN, SPAN_MAX);
  return span === undefined ? START_STATE.range : { kind: 'last', span };
}

function whole(text: string | null, min: number, max: number): number | undefined {
  if (text === null || !/^\d{1,16}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= min && number <= max ? number : undefined;
}
