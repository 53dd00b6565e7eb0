import { PorchlightError } from '@porchlight/protocol';
import { FakeClock } from '@porchlight/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { createEventBus } from '../events.ts';
import type { Link } from '../links/index.ts';
import { DeviceRecorder } from './device-recorder.ts';
import type { LinkFacts, ServiceFacts } from './device-store.ts';
import type { HealthSample, LinkEvent, RelayRun } from './health-store.ts';

type Changing = Omit<Link, 'bytesIn' | 'rtt'> & { bytesIn: number; rtt: Link['rtt'] };

function link(deviceId = 'd1'): Changing {
  return {
    ...{ deviceId, accountId: 'a1', deviceName: 'robot', transport: 'ssh', address: '192.0.2.1', upSince: 0 },
    ...{
      agent: '1.0',
      stock: false,
      services: [],
      paused: false,
      rtt: undefined,
      bytesIn: 0,
      bytesOut: 0,
      unsent: 0,
    },
    openChannels: 0,
    openChannel: () => Promise.reject(new Error('not here')),
    ping: () => undefined,
    drain: () => undefined,
    end: () => undefined,
  };
}

describe('the records of links', () => {
  let clock: FakeClock;
  let recorder: DeviceRecorder;
  let failing: boolean;
  let errors: number;
  let writes: { links: readonly LinkFacts[]; services: readonly ServiceFacts[] }[];
  let events: LinkEvent[];
  let samples: HealthSample[];
  let runs: RelayRun[];
  const guard = (): void => {
    if (failing) throw new Error('the database is away');
  };
  const sum = (of: 'bytesIn' | 'bytesOut'): number => samples.reduce((all, one) => all + one[of], 0);

  beforeEach(() => {
    clock = new FakeClock();
    [writes, events, samples, runs, failing, errors] = [[], [], [], [], false, 0];
    recorder = new DeviceRecorder({
      clock,
      events: createEventBus(() => undefined),
      onError: () => {
        errors += 1;
      },
      devices: {
        async record(links, services) {
          guard();
          writes.push({ links, services });
        },
      },
      health: {
        async record(linkEvents, linkSamples) {
          guard();
          events.push(...linkEvents);
          samples.push(...linkSamples);
        },
        async recordRun(run) {
          guard();
          runs.push(run);
        },
        events: async () => [],
        samples: async () => [],
        runs: async () => [],
        prune: async () => guard(),
      },
    });
  });

  it('are written together, not one by one', async () => {
    for (let i = 0; i < 1000; i += 1) recorder.up(link(`d${i}`));
    expect(writes).toHaveLength(0);
    await clock.advance(5_000);
    expect(writes).toHaveLength(1);
    expect(writes[0]?.links).toHaveLength(1000);
    expect(events).toHaveLength(1000);
    await clock.advance(5_000);
    expect(writes).toHaveLength(1);
    expect(runs.at(-1)).toEqual({ from: recorder.startedAt, to: clock.now() });
  });

  it('count every byte once, and the mean of round trips', async () => {
    const one = link();
    recorder.up(one);
    Object.assign(one, { bytesIn: 100, bytesOut: 10 });
    for (const [at, ms] of [
      [1, 10],
      [1, 10],
      [2, 30],
    ] as const) {
      one.rtt = { ms, at };
      recorder.changed(one);
    }
    expect(recorder.unwrittenBytes(one)).toEqual({ in: 100, out: 10 });
    await clock.advance(65_000);
    expect(recorder.unwrittenBytes(one)).toEqual({ in: 0, out: 0 });
    expect(samples).toEqual([expect.objectContaining({ rtt: 20, bytesIn: 100, bytesOut: 10 })]);
    expect(Number(samples[0]?.at) % 60_000).toBe(0);
    one.bytesIn = 150;
    recorder.down(one, 'gone');
    await recorder.flush();
    expect([sum('bytesIn'), sum('bytesOut')]).toEqual([150, 10]);
    expect(writes.flatMap(({ links }) => links).reduce((all, facts) => all + (facts.bytesIn ?? 0), 0)).toBe(
      150,
    );
    expect(events.map(({ state }) => state)).toEqual(['up', 'down']);
  });

  it('say since when and why a device is down, until it is up or removed', () => {
    const one = link();
    recorder.up(one);
    expect(recorder.downSince('d1')).toBeUndefined();
    recorder.down(one, 'connection lost');
    expect(recorder.downSince('d1')).toEqual({ at: clock.now(), reason: 'connection lost' });
    recorder.forget('d1');
    expect(recorder.downSince('d1')).toBeUndefined();
  });

  it('keep the last answer and the last failure of each service side by side', async () => {
    const device = { id: 'd1', accountId: 'a1' };
    recorder.noteService(device, 'web', undefined);
    const answered = clock.now();
    await clock.advance(1_000);
    recorder.noteService(device, 'web', new PorchlightError('service_unreachable', 'x'.repeat(1000)));
    recorder.noteService(device, 'other', undefined);
    await recorder.flush();
    expect(writes[0]?.services).toEqual([
      {
        ...{ deviceId: 'd1', service: 'web', lastSuccessAt: answered, lastFailureAt: clock.now() },
        lastFailure: 'x'.repeat(200),
      },
      { deviceId: 'd1', service: 'other', lastSuccessAt: clock.now() },
    ]);
  });

  it('lose nothing at the close', async () => {
    const one = link();
    recorder.up(one);
    one.bytesIn = 7;
    await recorder.close();
    expect(sum('bytesIn')).toBe(7);
    expect(events).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });

  it('wait while the database is away, and are all there when it is back', async () => {
    const one = link();
    failing = true;
    recorder.up(one);
    one.bytesIn = 5;
    recorder.noteService({ id: 'd1', accountId: 'a1' }, 'web', undefined);
    const answered = clock.now();
    await clock.advance(61_000);
    recorder.down(one, 'connection lost');
    one.bytesIn = 0;
    const again = link();
    recorder.up(again);
    again.bytesIn = 3;
    recorder.noteService({ id: 'd1', accountId: 'a1' }, 'web', new PorchlightError('service_unreachable'));
    await clock.advance(61_000);
    expect(errors).toBeGreaterThan(3);
    expect(events).toHaveLength(0);
    failing = false;
    await clock.advance(5_000);
    expect(events.map(({ state }) => state)).toEqual(['up', 'down', 'up']);
    expect(sum('bytesIn')).toBe(8);
    expect(writes).toHaveLength(1);
    expect(writes[0]?.links).toEqual([
      expect.objectContaining({ bytesIn: 8, lastDownReason: 'connection lost' }),
    ]);
    expect(writes[0]?.services[0]).toMatchObject({
      lastSuccessAt: answered,
      lastFailureAt: answered + 61_000,
    });
    await clock.advance(120_000);
    expect(events).toHaveLength(3);
    expect(sum('bytesIn')).toBe(8);
  });
});
