import type { LanRequest } from '@porchlight/protocol/api';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, keys, type Page } from '../api/index.ts';

const NONE: LanRequest[] = [];

/** Who asks the account's base stations to be let in, kept up to date by live events. */
export function useLanRequests() {
  return useQuery({ queryKey: keys.lanRequests, queryFn: ({ signal }) => api.lanRequests(signal) });
}

/** Those that a person has yet to answer. */
export function useWaitingLanRequests(): LanRequest[] {
  return useLanRequests().data?.items.filter(({ state }) => state === 'waiting') ?? NONE;
}

/** Query of a base station's WiFi devices; the page asks for it before it knows the device, so that nothing jumps. */
export function lanDevicesQuery(deviceId: string) {
  return {
    queryKey: keys.lanDevices(deviceId),
    queryFn: ({ signal }: { signal: AbortSignal }) => api.lanDevices(deviceId, signal),
  };
}

/** Allows (with a name) or denies (without); what was answered leaves the list at once. */
export function useLanAnswer(onDone: (request: LanRequest, answer: 'allow' | 'deny') => void) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn({ request, answer, name }: { request: LanRequest; answer: 'allow' | 'deny'; name?: string }) {
      const { deviceId, id, code } = request;
      if (answer === 'deny') return api.denyLan(deviceId, id, code);
      return api.allowLan(deviceId, id, {
        ...(code === undefined ? {} : { code }),
        ...(name === undefined || name === '' ? {} : { name }),
      });
    },
    onSuccess(_, { request, answer }) {
      cache.setQueryData<Page<LanRequest>>(
        keys.lanRequests,
        (page) => page && { items: page.items.filter((one) => !isSame(one, request)) },
      );
      onDone(request, answer);
    },
  });
}

function isSame(one: LanRequest, other: LanRequest): boolean {
  return one.deviceId === other.deviceId && one.id === other.id;
}
