import { describe, expect, test } from 'vitest';
import type { DeviceRecord } from '../devices/index.ts';
import { deviceView } from './device-view.ts';

const record: DeviceRecord = {
  id: 'd',
  accountId: 'a',
  name: 'box',
  formerNames: [],
  tags: [],
  fingerprint: 'SHA256:x',
  publicKey: 'ssh-ed25519 x',
  createdAt: 1,
  lastUpAt: undefined,
  lastDownAt: undefined,
  lastDownReason: undefined,
  lastAddress: undefined,
  agent: undefined,
  blockedAt: undefined,
  calledAt: undefined,
  callIntervalSet: undefined,
  callIntervalLearned: undefined,
  bytesIn: 5,
  bytesOut: 6,
  services: [],
};
const parts = {
  callHomes: { state: () => undefined },
  links: {
    lastEnd: () => undefined,
    state: () => undefined,
    services: () => undefined,
    bytes: () => ({ in: 0, out: 0 }),
  },
  relay: { startedAt: 1_000, serviceUrl: () => 'https://x', pathUrl: () => 'https://p' },
};

test('never seen: down, and nothing said about since when', () => {
  expect(deviceView(record, parts).link).toEqual({ up: false, paused: false });
});

describe('a device that calls home', () => {
  const calls = {
    ...{ up: true, since: 2_000, lastAt: 5_000, dueAt: 65_000, intervalMs: 60_000, learned: true },
    ...{ address: '192.0.2.9', bytesLastHour: 310_000, waiting: 2 },
  };
  const callHome = {
    ...{ intervalSeconds: 60, learned: true, lastAt: 5_000, dueAt: 65_000 },
    ...{ bytesLastHour: 310_000, waiting: 2 },
  };
  const called = { ...record, calledAt: 5_000, agent: 'dropbear_2022.83' };
  const live = { up: true, since: 4_000, transport: 'ssh', paused: false } as const;

  test('is up without a link, as long as it calls in time', () => {
    expect(deviceView(called, { ...parts, callHomes: { state: () => calls } }).link).toEqual({
      ...{ up: true, since: 2_000, address: '192.0.2.9', agent: 'dropbear_2022.83', paused: false },
      callHome,
    });
  });

  test('with a link: up since the earlier of the two', () => {
    const links = { ...parts.links, state: () => live };
    const view = (up: boolean) =>
      deviceView(called, { ...parts, links, callHomes: { state: () => ({ ...calls, up }) } }).link;
    expect(view(true)).toEqual({ ...live, since: 2_000, callHome });
    expect(view(false)).toEqual({ ...live, callHome });
  });

  test('down: as any other, with when it called last', () => {
    const down = { ...called, lastUpAt: 10, lastDownAt: 20, lastDownReason: 'it missed two calls' };
    const callHomes = { state: () => ({ ...calls, up: false }) };
    expect(deviceView(down, { ...parts, callHomes }).link).toMatchObject({
      ...{ up: false, since: 20, reason: 'it missed two calls', callHome },
    });
  });
});

test('down: since when and why, as written', () => {
  const down = {
    ...record,
    lastUpAt: 10,
    lastDownAt: 20,
    lastDownReason: 'silent',
    lastAddress: '192.0.2.7',
  };
  expect(deviceView(down, parts).link).toMatchObject({
    up: false,
    since: 20,
    reason: 'silent',
    address: '192.0.2.7',
  });
});

test('up when the relay died: down since the relay is back, for that is all that is known', () => {
  const lost = { ...record, lastUpAt: 30, lastDownAt: 20, lastDownReason: 'silent' };
  expect(deviceView(lost, parts).link).toMatchObject({
    up: false,
    since: 1_000,
    reason: 'the relay was restarted',
  });
});

test('shows no key, no owner and no hash', () => {
  const service = {
    name: 'web',
    kind: 'http',
    access: 'basic',
    kindSet: false,
    passthrough: false,
    keepLastAnswers: false,
    hueRemote: false,
    paths: [],
    users: [{ name: 'me', passwordHash: '$argon2id$x' }],
  } as const;
  const unknown = { lastSuccessAt: undefined, lastFailureAt: undefined, lastFailure: undefined };
  const shown = deviceView({ ...record, services: [{ ...service, ...unknown }] }, parts);
  expect(Object.keys(shown)).not.toContain('publicKey');
  expect(Object.keys(shown)).not.toContain('accountId');
  expect(JSON.stringify(shown)).not.toContain('argon2');
});

test('a blocked device is down, however lately it called home', () => {
  const state = {
    ...{ up: true, since: 100, lastAt: 900, dueAt: 960, intervalMs: 60, learned: true },
    ...{ address: undefined, bytesLastHour: 0, waiting: 0 },
  };
  const calling = { ...parts, callHomes: { state: () => state } };
  expect(deviceView(record, calling).link).toMatchObject({ up: true, since: 100 });
  expect(deviceView({ ...record, blockedAt: 950 }, calling)).toMatchObject({
    blocked: true,
    link: { up: false, since: 950, reason: 'the device was blocked' },
  });
});
