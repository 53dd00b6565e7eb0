import { FakeClock } from '@porchlight/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PassthroughRecord } from '../devices/index.ts';
import { createEventBus, type RelayEvent } from '../events.ts';
import { PassthroughTable } from './passthrough-table.ts';

const record = (deviceId: string, ...names: string[]): PassthroughRecord => ({
  deviceId,
  accountId: `account-of-${deviceId}`,
  deviceName: names[0] ?? '',
  names,
  service: 'secure',
});

let clock: FakeClock;
let kept: PassthroughRecord[];
let failing: boolean;
let errors: unknown[];
let reads: number;
beforeEach(() => {
  clock = new FakeClock();
  kept = [];
  failing = false;
  errors = [];
  reads = 0;
});
const bus = createEventBus((error) => errors.push(error));
const open = (): Promise<PassthroughTable> =>
  PassthroughTable.open({
    services: {
      async passthroughs(deviceId) {
        reads += 1;
        if (failing) throw new Error('database');
        return kept.filter((one) => deviceId === undefined || one.deviceId === deviceId);
      },
    },
    events: bus,
    clock,
    onError: (error) => errors.push(error),
  });
const tell = async (event: RelayEvent): Promise<void> => {
  bus.publish(event);
  await new Promise((resolve) => setImmediate(resolve));
};
const changed = (deviceId: string): Promise<void> =>
  tell({ type: 'device-changed', accountId: `account-of-${deviceId}`, deviceId });

describe('the table of services with TLS of their own', () => {
  it('knows every name of a device, and follows its changes', async () => {
    kept = [record('d1', 'robot', 'old')];
    const table = await open();
    expect(table.find('robot', 'secure')).toBe(kept[0]);
    expect(table.find('old', 'secure')).toBe(kept[0]);
    expect(table.find('robot', 'web')).toBeUndefined();
    kept = [record('d1', 'rover'), record('d2', 'pump')];
    let told = 0;
    table.listen(() => (told += 1));
    await changed('d1');
    expect([table.find('robot', 'secure'), table.find('rover', 'secure')]).toEqual([undefined, kept[0]]);
    expect(table.find('pump', 'secure')).toBeUndefined();
    expect(told).toBe(1);
    await changed('d2');
    expect([table.size, table.has('d2', 'secure')]).toEqual([2, true]);
    table.close();
  });

  it('forgets what is removed at once, and reads a storm of changes once', async () => {
    kept = [record('d1', 'robot'), record('d2', 'pump')];
    const table = await open();
    kept = [];
    await tell({ type: 'device-removed', accountId: 'a', deviceId: 'd1' });
    expect(table.find('robot', 'secure')).toBeUndefined();
    await tell({ type: 'account-removed', accountId: 'account-of-d2' });
    expect(table.size).toBe(0);
    const before = reads;
    for (let i = 0; i < 100; i += 1) bus.publish({ type: 'device-changed', accountId: 'a', deviceId: 'd1' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(reads - before).toBe(1);
    table.close();
  });

  it('hears of other processes within a minute, and keeps what it knew while the database fails', async () => {
    const table = await open();
    kept = [record('d1', 'robot')];
    await clock.advance(60_000);
    expect(table.size).toBe(1);
    failing = true;
    await clock.advance(60_000);
    await changed('d1');
    expect([table.size, errors.length]).toEqual([1, 2]);
    failing = false;
    kept = [];
    await clock.advance(60_000);
    expect(table.size).toBe(0);
    table.close();
    expect(clock.waiting).toBe(0);
  });
});
