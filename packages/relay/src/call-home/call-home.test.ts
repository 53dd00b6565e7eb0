import { FakeClock } from '@porchlight/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { NewAuditEntry } from '../audit/index.ts';
import { DeviceRecorder } from '../devices/device-recorder.ts';
import type { DeviceRecord, LinkFacts } from '../devices/device-store.ts';
import type { HealthSample, LinkEvent, RelayRun } from '../devices/health-store.ts';
import { createEventBus, type EventBus } from '../events.ts';
import type { Link } from '../links/index.ts';
import { silentLogger } from '../telemetry/index.ts';
import { CallHome } from './call-home.ts';
import { PortRequests } from './port-requests.ts';

const FROM = { address: '192.0.2.1', software: 'dropbear_2022.83' };
const COST = { in: 2_600, out: 2_400 };
const MINUTE = 60_000;

function record(id = 'd1', more: Partial<DeviceRecord> = {}): DeviceRecord {
  return {
    ...{ id, accountId: 'a1', name: 'router1', formerNames: [], tags: [], fingerprint: `SHA256:${id}` },
    ...{ publicKey: '', createdAt: 0, lastUpAt: undefined, lastDownAt: undefined, lastDownReason: undefined },
    ...{ lastAddress: undefined, agent: undefined, blockedAt: undefined, calledAt: undefined },
    ...{ callIntervalSet: undefined, callIntervalLearned: undefined, bytesIn: 0, bytesOut: 0, services: [] },
    ...more,
  };
}

const LINK: Link = {
  ...{ deviceId: 'd1', accountId: 'a1', deviceName: 'router1', transport: 'ssh', address: '', upSince: 0 },
  ...{
    agent: '',
    services: [],
    paused: false,
    rtt: undefined,
    bytesIn: 0,
    bytesOut: 0,
    unsent: 0,
    stock: true,
  },
  ...{ openChannels: 0, openChannel: () => Promise.reject(new Error('not here')) },
  ...{ ping: () => undefined, drain: () => undefined, end: () => undefined },
};

describe('a device that calls home', () => {
  let clock: FakeClock;
  let events: EventBus;
  let recorder: DeviceRecorder;
  let calls: CallHome;
  let audited: NewAuditEntry[];
  let history: LinkEvent[];
  let samples: HealthSample[];
  let facts: LinkFacts[];
  let stored: Map<string, DeviceRecord>;
  let linked: Set<string>;

  beforeEach(() => {
    clock = new FakeClock();
    [audited, history, samples, facts, stored, linked] = [[], [], [], [], new Map(), new Set()];
    start();
  });

  function start(): void {
    events = createEventBus((error) => {
      throw error;
    });
    recorder = new DeviceRecorder({
      ...{ clock, events },
      onError: (error) => expect.fail(String(error)),
      devices: { record: async (links) => void facts.push(...links) },
      health: {
        async record(linkEvents, linkSamples) {
          history.push(...linkEvents);
          samples.push(...linkSamples);
        },
        recordRun: async () => undefined,
        ...{
          events: async () => [],
          samples: async () => [],
          runs: async () => [],
          prune: async () => undefined,
        },
      },
    });
    calls = new CallHome({
      ...{ recorder, events, clock, logger: silentLogger, portRequests: new PortRequests({ clock }) },
      audit: { append: (entry) => void audited.push(entry) },
      devices: {
        byId: async (_, id) => stored.get(id),
        calledSince: async (at) => [...stored.values()].filter(({ calledAt }) => (calledAt ?? 0) >= at),
      },
      linked: (id) => linked.has(id),
      onError: (error) => expect.fail(String(error)),
    });
  }

  const call = (device = record()): void => {
    calls.contact(device, FROM);
    calls.count(device, COST);
  };
  const said = (): string[] => audited.map(({ action }) => action);
  const states = async (): Promise<string[]> => {
    await recorder.flush();
    return history.map(({ state }) => state);
  };

  it('for ten minutes, each minute: up once, with what it costs; then it stops, and is down once', async () => {
    for (let minute = 0; minute < 10; minute += 1) {
      call();
      await clock.advance(MINUTE);
    }
    expect(calls.state(record())).toMatchObject({
      ...{ up: true, since: clock.now() - 10 * MINUTE, lastAt: clock.now() - MINUTE, dueAt: clock.now() },
      ...{ intervalMs: MINUTE, learned: true, address: '192.0.2.1', bytesLastHour: 50_000, waiting: 0 },
    });
    expect([said(), await states()]).toEqual([['link.up'], ['up']]);
    await clock.advance(1.5 * MINUTE - 1);
    expect(calls.state(record())?.up).toBe(true);
    await clock.advance(1);
    expect(calls.state(record())).toMatchObject({ up: false, since: clock.now() });
    await clock.advance(120 * MINUTE);
    expect([said(), await states()]).toEqual([
      ['link.up', 'link.down'],
      ['up', 'down'],
    ]);
    expect(recorder.downSince('d1')?.reason).toContain('60 s');
    expect(calls.state(record())?.bytesLastHour).toBe(0);
    expect(samples.reduce((sum, one) => sum + one.bytesIn, 0)).toBe(26_000);
    expect(facts.reduce((sum, one) => sum + (one.bytesOut ?? 0), 0)).toBe(24_000);
    expect(facts.findLast((one) => one.calledAt !== undefined)).toMatchObject({ callIntervalLearned: 60 });
    call();
    expect(said()).toEqual(['link.up', 'link.down', 'link.up']);
  });

  it('learns another interval, and is not misled by a missed call or by several connections in one', async () => {
    for (let n = 0; n < 6; n += 1) {
      call();
      await clock.advance(2_000);
      call();
      await clock.advance(298_000);
    }
    expect(calls.state(record())).toMatchObject({ intervalMs: 300_000, up: true });
    await clock.advance(600_000);
    call();
    expect(calls.state(record())?.intervalMs).toBe(300_000);
    for (let n = 0; n < 3; n += 1) {
      await clock.advance(20_000);
      call();
    }
    expect(calls.state(record())?.intervalMs).toBe(20_000);
  });

  it('an interval that a person sets counts at once', async () => {
    call();
    expect(calls.state(record())).toMatchObject({ intervalMs: MINUTE, learned: true });
    stored.set('d1', record('d1', { callIntervalSet: 3600 }));
    events.publish({ type: 'device-changed', accountId: 'a1', deviceId: 'd1' });
    await clock.advance(2 * 3600_000);
    expect(calls.state(stored.get('d1') ?? record())).toMatchObject({ up: true, learned: false });
    stored.set('d1', record('d1', { callIntervalSet: 60 }));
    events.publish({ type: 'device-changed', accountId: 'a1', deviceId: 'd1' });
    // The change is read, then looked at.
    await clock.advance(0);
    await clock.advance(0);
    expect(calls.state(record())?.up).toBe(false);
  });

  it('one whose key is blocked is down at once', async () => {
    call();
    stored.set('d1', record('d1', { blockedAt: clock.now() }));
    events.publish({ type: 'device-changed', accountId: 'a1', deviceId: 'd1' });
    await clock.advance(0);
    expect([calls.state(record())?.up, said()]).toEqual([false, ['link.up', 'link.down']]);
    expect(recorder.downSince('d1')?.reason).toBe('its key is blocked');
  });

  it('a link in between is no second coming, and its end no going', async () => {
    call();
    recorder.up(LINK);
    recorder.down(LINK, 'connection lost');
    expect([await states(), recorder.downSince('d1')]).toEqual([['up'], undefined]);
    recorder.up(LINK);
    await clock.advance(10 * MINUTE);
    expect([calls.state(record())?.up, await states()]).toEqual([false, ['up']]);
    recorder.down(LINK, 'connection lost');
    expect(await states()).toEqual(['up', 'down']);
  });

  it('one that stays connected falls silent without a word, and goes when its link does', async () => {
    call();
    linked.add('d1');
    recorder.up(LINK);
    await clock.advance(10 * MINUTE);
    expect([calls.isCaller('d1'), said(), await states()]).toEqual([false, ['link.up'], ['up']]);
    recorder.down(LINK, 'connection lost');
    expect(await states()).toEqual(['up', 'down']);
  });

  it('a restart of the relay: up still, without an entry, and given its time; what was gone before stays gone', async () => {
    const before: RelayRun = { from: clock.now(), to: clock.now() + 30 * MINUTE };
    const seen = { callIntervalLearned: 60, lastUpAt: clock.now() };
    stored.set('d1', record('d1', { ...seen, calledAt: before.to - MINUTE }));
    stored.set('d2', record('d2', { ...seen, calledAt: before.to - 3 * MINUTE }));
    stored.set('d3', record('d3', { ...seen, calledAt: before.to, blockedAt: 1 }));
    await clock.advance(90 * MINUTE);
    start();
    await calls.resume(before);
    const up = (id: string): boolean | undefined => calls.state(stored.get(id) ?? record(id))?.up;
    expect([up('d1'), up('d2'), up('d3')]).toEqual([true, false, false]);
    expect(calls.state(stored.get('d1') ?? record())?.since).toBe(before.from);
    expect(await states()).toEqual(['up']);
    await clock.advance(MINUTE);
    call(stored.get('d1'));
    expect(calls.state(stored.get('d1') ?? record())?.intervalMs).toBe(MINUTE);
    await clock.advance(2 * MINUTE);
    expect([up('d1'), said()]).toEqual([true, []]);
    await clock.advance(MINUTE);
    expect([up('d1'), said(), await states()]).toEqual([false, ['link.down'], ['up', 'down']]);
  });

  it('nothing is left of one that is removed, and no timer after the close', async () => {
    call();
    events.publish({ type: 'device-removed', accountId: 'a1', deviceId: 'd1' });
    await clock.advance(10 * MINUTE);
    expect([calls.state(record()), said()]).toEqual([undefined, ['link.up']]);
    call(record('d2'));
    calls.close();
    await recorder.close();
    expect(clock.waiting).toBe(0);
  });

  it('ten thousand of them take one timer', async () => {
    const before = clock.waiting;
    for (let n = 0; n < 10_000; n += 1) call(record(`d${n}`));
    expect(clock.waiting).toBe(before + 1);
    await clock.advance(150_000);
    expect(said().filter((action) => action === 'link.down')).toHaveLength(10_000);
  });
});
