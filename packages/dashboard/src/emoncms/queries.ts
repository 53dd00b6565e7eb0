import type { EmoncmsData } from '@porchlight/protocol/api';
import { useQueries, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api, keys } from '../api/index.ts';
import { intervalFor, type Stretch, stretchOf } from './range.ts';
import type { ChosenFeed, Range } from './view-state.ts';

/** Lists are asked for so often, while the page is looked at. */
const POLL_MS = 10_000;
/** A graph that goes on gets the values of the list meanwhile, and is asked for again after this at the earliest. */
const GRAPH_MIN_MS = 60_000;
/** Histories that are not shown any more are kept in the page for so long. */
const UNUSED_MS = 120_000;

/** Which emoncms. */
export interface Home {
  readonly deviceId: string;
  readonly service: string;
}

const polled = {
  staleTime: POLL_MS / 2,
  refetchInterval: POLL_MS,
  refetchOnWindowFocus: true,
  // The next look comes by itself, and a home that is offline stays so for longer than a retry.
  retry: false,
} as const;

export function useFeeds({ deviceId, service }: Home) {
  return useQuery({
    queryKey: [...keys.emoncms(deviceId, service), 'feeds'],
    queryFn: ({ signal }) => api.emoncmsFeeds(deviceId, service, signal),
    ...polled,
  });
}

export function useInputs({ deviceId, service }: Home) {
  return useQuery({
    queryKey: [...keys.emoncms(deviceId, service), 'inputs'],
    queryFn: ({ signal }) => api.emoncmsInputs(deviceId, service, signal),
    ...polled,
  });
}

/** Since when a feed has data, for "all of it". */
export function askStart({ deviceId, service }: Home, feed: number): Promise<number> {
  return api.emoncmsMeta(deviceId, service, feed).then(({ start }) => start);
}

export interface Histories {
  readonly stretch: Stretch;
  /** Seconds between points that were asked for. */
  readonly interval: number;
  /** In the order of the feeds. While a stretch is loading, what was shown before. */
  readonly data: readonly (EmoncmsData | undefined)[];
  readonly errors: readonly Error[];
  readonly loading: boolean;
  readonly retry: () => void;
}

/** The histories of feeds over a range. */
export function useHistories(
  { deviceId, service }: Home,
  feeds: readonly ChosenFeed[],
  range: Range,
  wished: number | undefined,
): Histories {
  const now = useNow(range);
  const before = useRef(new Map<number, EmoncmsData>());
  const stretch = stretchOf(range, now);
  const interval = intervalFor(stretch, wished);
  // Whole intervals: the same points for every look at the same stretch.
  const step = interval * 1000;
  const start = Math.floor(stretch.from / step) * step;
  const end = Math.ceil(stretch.to / step) * step;
  const results = useQueries({
    queries: feeds.map(({ id }) => ({
      queryKey: [...keys.emoncms(deviceId, service), 'data', id, start, end, interval],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        api.emoncmsData(deviceId, service, id, { start, end, interval }, signal),
      staleTime: range.kind === 'fixed' ? 300_000 : GRAPH_MIN_MS,
      gcTime: UNUSED_MS,
      refetchOnWindowFocus: false,
      retry: false,
      placeholderData: () => before.current.get(id),
    })),
  });
  useEffect(() => {
    results.forEach(({ data, isPlaceholderData }, n) => {
      const feed = feeds[n];
      if (feed && data && !isPlaceholderData) before.current.set(feed.id, data);
    });
  });
  return {
    stretch,
    interval,
    data: results.map(({ data }) => data),
    errors: results.flatMap(({ error }) => (error === null ? [] : [error])),
    loading: results.some(({ isFetching }) => isFetching),
    retry: () => results.forEach(({ isError, refetch }) => void (isError && refetch())),
  };
}

/** The present, as far as a range that goes on needs it: it steps on while the page is looked at. */
function useNow(range: Range): number {
  const [now, setNow] = useState(Date.now);
  const span = range.kind === 'last' ? range.span : undefined;
  useEffect(() => {
    if (span === undefined) return undefined;
    const step = Math.max(GRAPH_MIN_MS, span / 1_000);
    const look = () => {
      const time = Date.now();
      if (!document.hidden) setNow((shown) => (time - shown >= step / 2 ? time : shown));
    };
    look();
    const timer = setInterval(look, step);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [span]);
  return now;
}
