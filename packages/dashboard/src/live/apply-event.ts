import type {
  Device,
  Forward,
  JoinRequest,
  LanRequest,
  LinkButtonRequest,
  LiveEvent,
} from '@porchlight/protocol/api';
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import { keys, type Page } from '../api/index.ts';

type DeviceListData = InfiniteData<Page<Device>>;

function mapPages(list: DeviceListData, change: (items: Device[]) => Device[]): DeviceListData {
  return { ...list, pages: list.pages.map((page) => ({ ...page, items: change(page.items) })) };
}

function holds(list: DeviceListData | undefined, id: string): boolean {
  return list?.pages.some((page) => page.items.some((item) => item.id === id)) ?? false;
}

/** The newest word on a device, into every list that shows it. A device that some list does not know is asked for. */
function applyDevice(cache: QueryClient, device: Device): void {
  const before = cache.getQueryData<Device>(keys.device(device.id));
  cache.setQueryData(keys.device(device.id), device);
  if (before?.link.since !== device.link.since) {
    void cache.invalidateQueries({ queryKey: keys.healths(device.id) });
    void cache.invalidateQueries({ queryKey: keys.audits });
  }
  let missing = false;
  for (const [key, list] of cache.getQueriesData<DeviceListData>({ queryKey: keys.deviceLists })) {
    if (!list) continue;
    if (!holds(list, device.id)) missing = true;
    else
      cache.setQueryData(
        key,
        mapPages(list, (items) => items.map((item) => (item.id === device.id ? device : item))),
      );
  }
  if (missing) void cache.invalidateQueries({ queryKey: keys.deviceLists });
}

function removeDevice(cache: QueryClient, id: string): void {
  cache.setQueriesData<DeviceListData>({ queryKey: keys.deviceLists }, (list) =>
    list ? mapPages(list, (items) => items.filter((item) => item.id !== id)) : list,
  );
  void cache.invalidateQueries({ queryKey: keys.device(id) });
}

/** In its place in the list, or last when it is new. A list that nobody has asked for is not begun. */
function applyForward(cache: QueryClient, forward: Forward): void {
  cache.setQueryData<Page<Forward>>(keys.forwards, (page) => {
    if (page === undefined) return undefined;
    const known = page.items.some(({ id }) => id === forward.id);
    if (!known) return { items: [...page.items, forward] };
    return { items: page.items.map((item) => (item.id === forward.id ? forward : item)) };
  });
}

/** Brings one live event into the cache, so that every page that shows its subject changes at once. */
export function applyEvent(cache: QueryClient, event: LiveEvent): void {
  switch (event.type) {
    case 'device':
      return applyDevice(cache, event.device);
    case 'device-removed':
      return removeDevice(cache, event.id);
    case 'readings':
      return void cache.invalidateQueries({ queryKey: keys.allReadings(event.id) });
    case 'forward':
      return applyForward(cache, event.forward);
    case 'forward-ended':
      cache.setQueryData<Page<Forward>>(
        keys.forwards,
        (page) => page && { items: page.items.filter(({ id }) => id !== event.id) },
      );
      return;
    case 'lan-requests':
      cache.setQueryData<Page<LanRequest>>(
        keys.lanRequests,
        (page) =>
          page && {
            items: [...page.items.filter(({ deviceId }) => deviceId !== event.deviceId), ...event.requests],
          },
      );
      return;
    case 'lan-devices':
      return void cache.invalidateQueries({ queryKey: keys.lanDevices(event.deviceId) });
    case 'join-request':
      cache.setQueryData<Page<JoinRequest>>(keys.joinRequests, (page) => ({
        items: [event.request, ...(page?.items ?? []).filter((item) => item.id !== event.request.id)],
      }));
      return;
    case 'link-button':
      cache.setQueryData<Page<LinkButtonRequest>>(keys.linkButtons, (page) => ({
        items: [event.request, ...(page?.items ?? []).filter((item) => item.id !== event.request.id)],
      }));
      return;
    case 'link-button-ended':
      cache.setQueryData<Page<LinkButtonRequest>>(keys.linkButtons, (page) => ({
        items: (page?.items ?? []).filter((item) => item.id !== event.id),
      }));
      return;
    case 'join-request-ended':
      cache.setQueryData<Page<JoinRequest>>(keys.joinRequests, (page) => ({
        items: (page?.items ?? []).filter((item) => item.id !== event.id),
      }));
  }
}
