import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, keys } from '../api/index.ts';

/** The devices that match, page by page, kept up to date by live events. */
export function useDevices(search: string, tag: string | undefined) {
  return useInfiniteQuery({
    queryKey: keys.deviceList(search, tag),
    queryFn: ({ pageParam, signal }) =>
      api.devices({ search, ...(tag ? { tag } : {}), ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    // Live events tell of changes of state; counters and last answers come with the next look.
    refetchInterval: 60_000,
  });
}

/** A value that follows after a pause in typing. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(setSettled, ms, value);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
