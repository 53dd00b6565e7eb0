import type { Device, JoinRequest } from '@porchlight/protocol/api';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { api, keys, type Page } from '../api/index.ts';

/** The pending requests that this account may answer, kept up to date by live events. */
export function useJoinRequests() {
  return useQuery({
    queryKey: keys.joinRequests,
    queryFn: ({ signal }) => api.joinRequests(undefined, signal),
  });
}

const NONE: JoinRequest[] = [];

export function usePendingRequests(): JoinRequest[] {
  return useJoinRequests().data?.items ?? NONE;
}

/** Takes an answered request out of the list at once, without waiting for the event that tells of it. */
function useForget(): (id: string) => void {
  const cache = useQueryClient();
  return useCallback(
    (id) => {
      cache.setQueryData<Page<JoinRequest>>(keys.joinRequests, (page) =>
        page ? { items: page.items.filter((item) => item.id !== id) } : page,
      );
    },
    [cache],
  );
}

export function useAllow(onAllowed: (device: Device) => void) {
  const cache = useQueryClient();
  const forget = useForget();
  return useMutation({
    mutationFn: ({ request, name, tags }: { request: JoinRequest; name: string; tags: string[] }) =>
      api.allow(request.id, { code: request.code, name, tags }),
    onSuccess(device, { request }) {
      forget(request.id);
      void cache.invalidateQueries({ queryKey: keys.deviceLists });
      onAllowed(device);
    },
  });
}

export function useDeny() {
  const forget = useForget();
  return useMutation({
    mutationFn: (request: JoinRequest) => api.deny(request.id, request.code),
    onSuccess: (_, request) => forget(request.id),
  });
}
