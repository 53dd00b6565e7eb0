import { PassThrough } from 'node:stream';
import type { AnnouncedService, PorchlightError } from '@porchlight/protocol';
import { FakeClock } from '@porchlight/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type CallHomeState, PortRequests } from '../call-home/index.ts';
import { type DeviceRecord, newKeylessFingerprint } from '../devices/index.ts';
import { type Link, LinkTable } from '../links/index.ts';
import type { PortTarget } from './device-ports.ts';
import { DeviceReach } from './device-reach.ts';

const MINUTE = 60_000;
const device = {
  ...{ id: 'd1', accountId: 'a1', name: 'router1', services: [], fingerprint: 'SHA256:d1' },
} as unknown as DeviceRecord;
const stays = { ...device, id: 'd2', name: 'robot' };
const from = { address: '192.0.2.1', port: 1 };

let clock: FakeClock;
let links: LinkTable;
let requests: PortRequests;
let reach: DeviceReach;
let state: CallHomeState;
let opened: string[];
let channels: PassThrough[];

beforeEach(() => {
  clock = new FakeClock();
  links = new LinkTable();
  requests = new PortRequests({ clock });
  const now = clock.now();
  state = {
    ...{ up: true, since: now, lastAt: now, dueAt: now + 23_000, intervalMs: MINUTE, learned: true },
    ...{ address: undefined, bytesLastHour: 0 },
  };
  const callHomes = { state: ({ id }: { id: string }) => (id === 'd1' ? state : undefined) };
  reach = new DeviceReach({ links, requests, callHomes, clock, downSince: () => undefined });
  links.listen(reach);
  opened = [];
  channels = [];
});

const linkWith = (services: AnnouncedService[], news: Partial<Link> = {}): Link => ({
  ...{ deviceId: 'd1', accountId: 'a1', deviceName: 'router1', transport: 'ssh', address: '', upSince: 0 },
  ...{ agent: '', stock: true, paused: false, rtt: undefined, bytesIn: 0, bytesOut: 0, unsent: 0 },
  ...{ openChannels: 0, services },
  openChannel: async (service) => {
    opened.push(service);
    const channel = new PassThrough();
    channels.push(channel);
    return channel;
  },
  drain: () => undefined,
  ping: () => undefined,
  end: () => undefined,
  ...news,
});

const open = (target: PortTarget, at = device, signal = new AbortController().signal) =>
  reach.open(at, target, { from, signal }).then(
    () => 'opened',
    (error: PorchlightError) => error.code ?? error.name,
  );

describe('the way to a port of a device that is linked', () => {
  it.each<[PortTarget, AnnouncedService[], string]>([
    [{ service: 'web' }, [{ name: 'web', kind: 'http', port: 8080 }], 'web'],
    [{ port: 8080 }, [{ name: 'web', kind: 'http', port: 8080 }], 'web'],
    [{ port: 22 }, [{ name: 'ssh', kind: 'tcp' }], 'ssh'],
    [{ port: 22 }, [{ name: '22', kind: 'tcp' }], '22'],
    [{ port: 80 }, [{ name: 'web', kind: 'http' }], 'web'],
    [
      { port: 22 },
      [
        { name: 'ssh', kind: 'tcp' },
        { name: 'shell', kind: 'tcp', port: 22 },
      ],
      'shell',
    ],
    [
      { port: 5 },
      [
        { name: 'a', kind: 'http', port: 5 },
        { name: 'b', kind: 'tcp', port: 5 },
      ],
      'b',
    ],
  ])('%j of %j is %s', async (target, services, name) => {
    links.attach(linkWith(services, { deviceId: 'd2' }));
    expect([await open(target, stays), opened]).toEqual(['opened', [name]]);
  });

  it.each<[PortTarget, AnnouncedService[]]>([
    [{ port: 22 }, [{ name: 'ssh', kind: 'tcp', port: 2222 }]],
    [{ port: 2222 }, [{ name: 'ssh', kind: 'tcp' }]],
    [{ service: 'constructor' }, [{ name: 'ssh', kind: 'tcp' }]],
    // A token for "ssh" or "http" alone reaches no other service by its port.
    [{ service: 'ssh' }, [{ name: 'admin', kind: 'tcp', port: 22 }]],
    [{ service: 'http' }, [{ name: 'admin', kind: 'tcp', port: 80 }]],
    [{ service: '22' }, [{ name: 'ssh', kind: 'tcp', port: 22 }]],
    [{ service: 'gone' }, [{ name: '1', kind: 'tcp' }]],
  ])('%j is not in %j', async (target, services) => {
    links.attach(linkWith(services, { deviceId: 'd2' }));
    expect(await open(target, stays)).toBe('service_unknown');
  });

  it("an agent's web service is opened by its address only, and a paused device not at all", async () => {
    links.attach(linkWith([{ name: 'web', kind: 'http' }], { deviceId: 'd2', stock: false }));
    expect(await open({ port: 80 }, stays)).toBe('bad_request');
    links.attach(linkWith([{ name: 'ssh', kind: 'tcp' }], { deviceId: 'd2', paused: true }));
    expect(await open({ port: 22 }, stays)).toBe('device_paused');
    expect(await open({ port: 22 }, { ...stays, blockedAt: 1 })).toBe('device_offline');
  });

  it('says since when a device is offline that does not call home', async () => {
    const away = { ...stays, lastDownAt: Date.UTC(2026, 0, 1) };
    await expect(
      reach.open(away, { port: 22 }, { from, signal: new AbortController().signal }),
    ).rejects.toMatchObject({
      code: 'device_offline',
      message: 'robot is offline since 2026-01-01 00:00:00 UTC',
      detail: { offlineSince: away.lastDownAt },
    });
    expect(requests.list('d2')).toEqual([]);
  });
});

describe('the way to a port of a device that calls home', () => {
  const answer = (port = 22) => {
    const relayPort = requests.list('d1')[0]?.relayPort ?? 0;
    links.attach(linkWith([{ name: String(relayPort), kind: 'tcp', port }]));
  };

  it('is asked for, waited for, and stays open for the next connection', async () => {
    const waiting: number[] = [];
    const signal = new AbortController().signal;
    const channel = reach.open(
      device,
      { port: 22 },
      { from, signal, onWaiting: ({ dueAt }) => void waiting.push(dueAt - clock.now()) },
    );
    await clock.advance(20_000);
    expect([waiting, requests.take('d1').length]).toEqual([[23_000], 1]);
    links.attach(linkWith([]));
    answer();
    (await channel).destroy();
    expect(await open({ service: 'ssh' })).toBe('opened');
    expect(requests.list('d1')).toHaveLength(1);
    // In use: it outlives any linger.
    await clock.advance(3 * 3600_000);
    expect(requests.list('d1')).toHaveLength(1);
    await new Promise((resolve) => channels.at(-1)?.once('close', resolve).destroy());
    await clock.advance(10 * MINUTE - 1);
    expect(requests.list('d1')).toHaveLength(1);
    await clock.advance(1);
    expect([requests.list('d1'), reach.holds.size]).toEqual([[], 0]);
  });

  it('is given up when nobody waits any more, and not before', async () => {
    const [one, two] = [new AbortController(), new AbortController()];
    const outcomes = [open({ port: 22 }, device, one.signal), open({ port: 22 }, device, two.signal)];
    one.abort();
    await outcomes[0];
    expect(requests.list('d1')).toHaveLength(1);
    two.abort();
    expect(await Promise.all(outcomes)).toEqual([20, 20]);
    requests.close();
    expect([requests.list('d1'), clock.waiting]).toEqual([[], 0]);
  });

  it('comes too late after two and a half intervals, with the reason; the request stays', async () => {
    const late = open({ port: 22 });
    await clock.advance(149_999);
    expect(requests.list('d1')).toHaveLength(1);
    await clock.advance(1);
    expect(await late).toBe('device_timeout');
    await clock.advance(5 * MINUTE);
    expect(requests.list('d1')).toHaveLength(1);
  });

  it('is not waited for when its calls have stopped, or no port is meant', async () => {
    expect(await open({ service: 'jupyter' })).toBe('service_unknown');
    state = { ...state, up: false };
    expect(await open({ port: 22 })).toBe('device_offline');
    requests.close();
    expect([requests.list('d1'), clock.waiting]).toEqual([[], 0]);
  });

  it('is not waited for when it speaks only MQTT, and so can open no port', async () => {
    const meter = { ...device, fingerprint: newKeylessFingerprint() };
    expect(await open({ port: 22 }, meter)).toBe('service_unknown');
    expect(requests.list('d1')).toEqual([]);
    requests.close();
  });

  it('is waited for by so many and no more, and by nobody after the device was removed', async () => {
    const outcomes = Array.from({ length: 70 }, () => open({ port: 22 }));
    reach.failWhere(({ deviceId }) => deviceId === 'd1', 'The device was removed');
    const ended = await Promise.all(outcomes);
    expect(ended.filter((one) => one === 'busy')).toHaveLength(6);
    expect(ended.filter((one) => one === 'device_offline')).toHaveLength(64);
    reach.close();
    requests.close();
    expect(clock.waiting).toBe(0);
  });

  it('a link that ends while the channel opens is waited for again', async () => {
    const gone = Object.assign(new Error(), { code: 'device_offline' });
    links.attach(linkWith([{ name: '22', kind: 'tcp' }], { openChannel: () => Promise.reject(gone) }));
    expect(await open({ port: 22 })).toBe('device_offline');
  });
});
