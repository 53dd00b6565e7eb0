import { expect, test } from 'vitest';
import { makeAccount, makeDevice, type Open } from './contract-fixtures.ts';

export function healthStoreContract(open: Open): void {
  async function openWithDevices() {
    const stores = await open();
    const { id } = await makeAccount(stores, 'ann');
    const [one, two] = [await makeDevice(stores, id, 'one'), await makeDevice(stores, id, 'two')];
    return { health: stores.health, one: one.id, two: two.id };
  }

  test('gives the events of a span, and the last one before it', async () => {
    const { health, one, two } = await openWithDevices();
    await health.record(
      [
        { deviceId: one, at: 10, state: 'up' },
        { deviceId: one, at: 20, state: 'down' },
        { deviceId: one, at: 20, state: 'up' },
        { deviceId: two, at: 25, state: 'up' },
        { deviceId: 'gone', at: 25, state: 'up' },
        { deviceId: one, at: 30, state: 'down' },
        { deviceId: one, at: 40, state: 'up' },
      ],
      [],
    );
    expect((await health.events(one, 30, 40)).map(({ at, state }) => [at, state])).toEqual([
      [20, 'up'],
      [30, 'down'],
    ]);
    expect((await health.events(one, 0, 41)).map(({ at, state }) => `${at} ${state}`)).toEqual([
      '10 up',
      '20 down',
      '20 up',
      '30 down',
      '40 up',
    ]);
    expect(await health.events(two, 0, 100)).toEqual([{ deviceId: two, at: 25, state: 'up' }]);
    expect(await health.events('gone', 0, 100)).toEqual([]);
  });

  test('adds to the sample of the same interval: bytes are summed, round trips averaged', async () => {
    const { health, one, two } = await openWithDevices();
    const at = 60;
    await health.record(
      [],
      [
        { deviceId: one, at, rtt: 10, bytesIn: 1, bytesOut: 2 },
        { deviceId: one, at, rtt: undefined, bytesIn: 1, bytesOut: 2 },
        { deviceId: two, at, rtt: undefined, bytesIn: 7, bytesOut: 0 },
        { deviceId: 'gone', at, rtt: 1, bytesIn: 7, bytesOut: 0 },
      ],
    );
    await health.record([], [{ deviceId: one, at, rtt: 20, bytesIn: 5e12, bytesOut: 2 }]);
    await health.record([], [{ deviceId: one, at: at + 60, rtt: 0.25, bytesIn: 0, bytesOut: 0 }]);
    expect(await health.samples(one, 60, 121)).toEqual([
      { deviceId: one, at: 60, rtt: 15, bytesIn: 5e12 + 2, bytesOut: 6 },
      { deviceId: one, at: 120, rtt: 0.25, bytesIn: 0, bytesOut: 0 },
    ]);
    expect(await health.samples(one, 60, 120)).toHaveLength(1);
    expect(await health.samples(two, 60, 121)).toEqual([
      { deviceId: two, at: 60, rtt: undefined, bytesIn: 7, bytesOut: 0 },
    ]);
  });

  test('two relays write samples of the same devices at once', async () => {
    const { health, one, two } = await openWithDevices();
    const other = (await open()).health;
    const sample = (deviceId: string) => ({ deviceId, at: 0, rtt: 1, bytesIn: 1, bytesOut: 1 });
    await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        (n % 2 === 0 ? health : other).record(
          [],
          n % 3 ? [sample(one), sample(two)] : [sample(two), sample(one)],
        ),
      ),
    );
    for (const id of [one, two]) expect(await health.samples(id, 0, 1)).toMatchObject([{ bytesIn: 10 }]);
  });

  test('extends a run, and gives those that overlap', async () => {
    const { health } = await openWithDevices();
    await health.recordRun({ from: 10, to: 10 });
    await health.recordRun({ from: 10, to: 20 });
    await health.recordRun({ from: 30, to: 40 });
    await health.recordRun({ from: 50, to: 60 });
    expect(await health.runs(15, 35)).toEqual([
      { from: 10, to: 20 },
      { from: 30, to: 40 },
    ]);
  });

  test('forgets what is old, but not what the state at that time follows from', async () => {
    const { health, one, two } = await openWithDevices();
    await health.record(
      [
        { deviceId: one, at: 10, state: 'down' },
        { deviceId: one, at: 10, state: 'up' },
        { deviceId: one, at: 90, state: 'down' },
        { deviceId: two, at: 5, state: 'up' },
        { deviceId: two, at: 20, state: 'down' },
      ],
      [10, 50, 60].map((at) => ({ deviceId: one, at, rtt: 1, bytesIn: 1, bytesOut: 1 })),
    );
    await health.recordRun({ from: 1, to: 40 });
    await health.recordRun({ from: 45, to: 100 });
    await health.prune(50);
    expect((await health.events(one, 0, 100)).map(({ at, state }) => `${at} ${state}`)).toEqual([
      '10 up',
      '90 down',
    ]);
    expect((await health.events(two, 0, 100)).map(({ at, state }) => `${at} ${state}`)).toEqual(['20 down']);
    expect((await health.samples(one, 0, 100)).map(({ at }) => at)).toEqual([50, 60]);
    expect(await health.runs(0, 100)).toEqual([{ from: 45, to: 100 }]);
  });
}
