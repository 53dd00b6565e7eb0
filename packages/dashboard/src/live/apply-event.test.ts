import type { Device, JoinRequest, LanRequest } from '@porchlight/protocol/api';
import { type InfiniteData, QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { keys, type Page } from '../api/index.ts';
import { applyEvent } from './apply-event.ts';

type List = InfiniteData<Page<Device>>;

function device(id: string, link: Partial<Device['link']> = {}): Device {
  return {
    id,
    name: id,
    formerNames: [],
    tags: [],
    fingerprint: '',
    createdAt: 0,
    link: { up: false, paused: false, ...link },
    blocked: false,
    services: [],
    bytesIn: 0,
    bytesOut: 0,
  };
}

const request: JoinRequest = {
  id: 'r1',
  code: 'ABCD-2345',
  name: 'pi',
  address: '',
  fingerprint: '',
  software: '',
  askedAt: 0,
  expiresAt: 1,
  connected: true,
};

function cacheWith(...pages: Device[][]): {
  cache: QueryClient;
  names: () => string[];
  key: readonly string[];
} {
  const cache = new QueryClient();
  const key = keys.deviceList('', undefined);
  cache.setQueryData<List>(key, {
    pages: pages.map((items) => ({ items })),
    pageParams: pages.map(() => ''),
  });
  const shown = () => cache.getQueryData<List>(key)?.pages.flatMap((page) => page.items) ?? [];
  return { cache, key, names: () => shown().map((item) => `${item.id} ${item.link.up ? 'up' : 'down'}`) };
}

test('a known device changes in its list, on whatever page, and on its own page', () => {
  const { cache, names } = cacheWith([device('a')], [device('b')]);
  applyEvent(cache, { type: 'device', device: device('b', { up: true, since: 5 }) });
  expect(names()).toEqual(['a down', 'b up']);
  expect(cache.getQueryData<Device>(keys.device('b'))?.link.up).toBe(true);
});

test('a device that a list does not know makes the list ask again', () => {
  const { cache, key, names } = cacheWith([device('a')]);
  applyEvent(cache, { type: 'device', device: device('new') });
  expect(names()).toEqual(['a down']);
  expect(cache.getQueryState(key)?.isInvalidated).toBe(true);
});

test('a link that went up or down makes health and audit ask again; a new round trip does not', () => {
  const { cache } = cacheWith([device('a')]);
  cache.setQueryData(keys.health('a', '24h'), {});
  const stale = () => cache.getQueryState(keys.health('a', '24h'))?.isInvalidated;
  cache.setQueryData(keys.device('a'), device('a', { up: true, since: 5, rtt: 1 }));
  applyEvent(cache, { type: 'device', device: device('a', { up: true, since: 5, rtt: 2 }) });
  expect(stale()).toBe(false);
  applyEvent(cache, { type: 'device', device: device('a', { up: false, since: 9 }) });
  expect(stale()).toBe(true);
});

test('a removed device leaves its list', () => {
  const { cache, names } = cacheWith([device('a'), device('b')]);
  applyEvent(cache, { type: 'device-removed', id: 'a' });
  expect(names()).toEqual(['b down']);
});

test('join requests come once and go', () => {
  const cache = new QueryClient();
  const pending = () => cache.getQueryData<Page<JoinRequest>>(keys.joinRequests)?.items.length;
  applyEvent(cache, { type: 'join-request', request });
  applyEvent(cache, { type: 'join-request', request });
  expect(pending()).toBe(1);
  applyEvent(cache, { type: 'join-request-ended', id: 'r1', outcome: 'expired' });
  expect(pending()).toBe(0);
});

test('who asks a base station is as the last event of it says, and others stay', () => {
  const cache = new QueryClient();
  const of = (deviceId: string, id: string): LanRequest => ({
    ...{ id, deviceId, deviceName: deviceId, answerable: true, way: 'porchlight', name: id, address: '' },
    ...{ firstAskedAt: 0, askedAt: 0, times: 1, state: 'waiting' },
  });
  const listed = () => cache.getQueryData<Page<LanRequest>>(keys.lanRequests)?.items.map(({ id }) => id);
  applyEvent(cache, { type: 'lan-requests', deviceId: 'a', requests: [of('a', 'a1')] });
  expect(listed()).toBeUndefined();
  cache.setQueryData<Page<LanRequest>>(keys.lanRequests, { items: [of('a', 'a1'), of('b', 'b1')] });
  applyEvent(cache, { type: 'lan-requests', deviceId: 'a', requests: [of('a', 'a2'), of('a', 'a3')] });
  expect(listed()).toEqual(['b1', 'a2', 'a3']);
  applyEvent(cache, { type: 'lan-requests', deviceId: 'b', requests: [] });
  expect(listed()).toEqual(['a2', 'a3']);
});
