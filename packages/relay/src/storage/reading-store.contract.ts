import { expect, test } from 'vitest';
import { READING_NAMES_MAX } from '../devices/index.ts';
import { makeAccount, makeDevice, NOW, type Open } from './contract-fixtures.ts';

export function readingStoreContract(open: Open): void {
  async function openWithDevices() {
    const stores = await open();
    const { id: ann } = await makeAccount(stores, 'ann');
    const [one, two] = [await makeDevice(stores, ann, 'one'), await makeDevice(stores, ann, 'two')];
    return { stores, ann, readings: stores.readings, one: one.id, two: two.id };
  }

  test('keeps the last value of each name, whatever the order of arrival', async () => {
    const { readings, one, two } = await openWithDevices();
    await readings.record(
      [
        { deviceId: one, name: 'uptime', value: '5', at: NOW },
        { deviceId: one, name: 'firmware', value: 'v1\0 ✓', at: NOW },
        { deviceId: one, name: 'uptime', value: '6', at: NOW + 1 },
        { deviceId: two, name: 'uptime', value: '', at: NOW },
        { deviceId: 'gone', name: 'uptime', value: '1', at: NOW },
      ],
      [],
    );
    await readings.record([{ deviceId: one, name: 'uptime', value: 'old', at: NOW - 1 }], []);
    await readings.record([], []);
    expect(await readings.last(one)).toEqual([
      { deviceId: one, name: 'firmware', value: 'v1 ✓', at: NOW },
      { deviceId: one, name: 'uptime', value: '6', at: NOW + 1 },
    ]);
    expect(await readings.last(two)).toEqual([{ deviceId: two, name: 'uptime', value: '', at: NOW }]);
    expect(await readings.last('gone')).toEqual([]);
  });

  test('adds numbers up in their intervals, and prunes them', async () => {
    const { readings, one, two } = await openWithDevices();
    const noted = [one, two].map((deviceId) => ({ deviceId, name: 'load', value: '1', at: NOW }));
    await readings.record(noted, [
      { deviceId: one, name: 'load', at: 300, sum: 0.5, count: 1 },
      { deviceId: one, name: 'load', at: 300, sum: -1.25, count: 2 },
      { deviceId: one, name: 'load', at: 600, sum: 1e15, count: 1 },
      { deviceId: two, name: 'load', at: 300, sum: 7, count: 1 },
      { deviceId: one, name: 'none', at: 300, sum: 7, count: 1 },
      { deviceId: 'gone', name: 'load', at: 300, sum: 7, count: 1 },
    ]);
    await readings.record([], [{ deviceId: one, name: 'load', at: 300, sum: 10, count: 1 }]);
    expect(await readings.samples(one, 300, 601)).toEqual([
      { deviceId: one, name: 'load', at: 300, sum: 9.25, count: 4 },
      { deviceId: one, name: 'load', at: 600, sum: 1e15, count: 1 },
    ]);
    expect(await readings.samples(one, 301, 600)).toEqual([]);
    expect(await readings.samples(two, 0, 1000)).toHaveLength(1);
    await readings.prune(600);
    expect((await readings.samples(one, 0, 1000)).map(({ at }) => at)).toEqual([600]);
    expect(await readings.last(one)).toHaveLength(1);
  });

  test('a device that reports ever new names fills nothing, and pushes out no other’s', async () => {
    const { readings, one, two } = await openWithDevices();
    await readings.record(
      [{ deviceId: two, name: 'kept', value: '1', at: NOW - 1 }],
      [{ deviceId: two, name: 'kept', at: 300, sum: 1, count: 1 }],
    );
    for (let round = 0; round < 3; round++) {
      const names = Array.from({ length: READING_NAMES_MAX - 4 }, (_, n) => `n${round}-${n}`);
      await readings.record(
        names.map((name) => ({ deviceId: one, name, value: '1', at: NOW + round })),
        names.map((name) => ({ deviceId: one, name, at: 300, sum: 1, count: 1 })),
      );
    }
    const names = (await readings.last(one)).map(({ name }) => name);
    expect(names).toHaveLength(READING_NAMES_MAX);
    expect(names.filter((name) => name.startsWith('n2-'))).toHaveLength(READING_NAMES_MAX - 4);
    // With a name its history goes.
    const sampled = (await readings.samples(one, 0, 1000)).map(({ name }) => name);
    expect(sampled).toEqual(names);
    expect(await readings.last(two)).toHaveLength(1);
    expect(await readings.samples(two, 0, 1000)).toHaveLength(1);
  });

  test('two relays record the same names at once, in any order, and a removal fails nothing', async () => {
    const { stores, readings, ann, one, two } = await openWithDevices();
    const other = (await open()).readings;
    const { id: third } = await makeDevice(stores, ann, 'third');
    const names = Array.from({ length: 20 }, (_, n) => `n${n}`);
    const facts = [one, two, third].flatMap((deviceId) => names.map((name) => ({ deviceId, name })));
    const noted = facts.map((fact) => ({ ...fact, value: '1', at: NOW }));
    const sums = facts.map((fact) => ({ ...fact, at: 300, sum: 1, count: 1 }));
    await Promise.all([
      ...Array.from({ length: 10 }, (_, n) =>
        n % 2 ? readings.record(noted, sums) : other.record([...noted].reverse(), [...sums].reverse()),
      ),
      stores.devices.remove(ann, third),
    ]);
    const samples = [...(await readings.samples(one, 0, 1000)), ...(await readings.samples(two, 0, 1000))];
    expect(samples).toHaveLength(40);
    expect(samples.every(({ sum, count }) => sum === 10 && count === 10)).toBe(true);
    expect(await readings.last(third)).toEqual([]);
  });
}
