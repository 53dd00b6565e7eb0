import type { Forward, NewForward } from '@porchlight/protocol/api';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, keys, type Page } from '../api/index.ts';

/** Forwards tell of their state by themselves; bytes that run meanwhile are looked up. */
const RUNNING_MS = 5_000;
const QUIET_MS = 60_000;

/** Query of the account's forwards; a page asks for it before it knows its device, so that nothing jumps. */
export const forwardsQuery = {
  queryKey: keys.forwards,
  queryFn: ({ signal }: { signal: AbortSignal }) => api.forwards(signal),
};

/** The forwards of the account, kept up to date by live events. */
export function useForwards() {
  return useQuery({
    ...forwardsQuery,
    refetchInterval: ({ state }) =>
      state.data?.items.some(({ connections }) => connections > 0) === true ? RUNNING_MS : QUIET_MS,
  });
}

/** What may be asked of forwards. */
export function useForwardOptions() {
  return useQuery({
    queryKey: keys.forwardOptions,
    queryFn: ({ signal }) => api.forwardOptions(signal),
    staleTime: 300_000,
  });
}

export function useOpenForward(deviceId: string, onOpened: () => void) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: NewForward) => api.openForward(deviceId, body),
    onSuccess(forward) {
      cache.setQueryData<Page<Forward>>(keys.forwards, (page) => ({
        items: [...(page?.items ?? []).filter(({ id }) => id !== forward.id), forward],
      }));
      onOpened();
    },
  });
}

export function useCloseForward() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: api.closeForward,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.forwards }),
  });
}
