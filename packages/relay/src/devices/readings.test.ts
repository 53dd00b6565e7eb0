import { FakeClock } from '@porchlight/testkit';
import * as fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { createEventBus } from '../events.ts';
import type { Reading, ReadingSample } from './reading-store.ts';
import { Readings } from './readings.ts';

const DEVICE = { id: 'd', accountId: 'a' };
const MINUTE = 60_000;

let clock: FakeClock;
let readings: Readings;
let batches: { readings: readonly Reading[]; samples: readonly ReadingSample[] }[];
let refuse: boolean;
let pruned: number[];
let errors: unknown[];
let told: string[];

beforeEach(() => {
  clock = new FakeClock();
  [batches, pruned, errors, told, refuse] = [[], [], [], [], false];
  const events = createEventBus((error) => errors.push(error));
  events.subscribe((event) => told.push(event.type));
  readings = new Readings({
    store: {
      async record(last, samples) {
        if (refuse) throw new Error('database away');
        batches.push({ readings: last, samples });
      },
      last: async () => batches.flatMap((batch) => batch.readings),
      samples: async () => batches.flatMap((batch) => batch.samples),
      prune: async (before) => void pruned.push(before),
    },
    events,
    clock,
    onError: (error) => errors.push(error),
  });
});

const note = (values: Record<string, string>, at = clock.now()) =>
  readings.note(DEVICE, new Map(Object.entries(values)), at);

test('writes last values and sums of numbers in one batch, and tells of it', async () => {
  const start = clock.now() - (clock.now() % (5 * MINUTE));
  note({ uptime: '60', firmware: 'v1.2', load: '0.5' }, start);
  note({ uptime: '120', load: '1.0' }, start + MINUTE);
  note({ load: '-3e1' }, start + 5 * MINUTE);
  expect(batches).toEqual([]);
  await clock.advance(5_000);
  expect(batches).toHaveLength(1);
  const [batch] = batches;
  expect(batch?.readings.map(({ name, value }) => `${name}=${value}`)).toEqual([
    'firmware=v1.2',
    'uptime=120',
    'load=-3e1',
  ]);
  expect(batch?.samples).toEqual([
    { deviceId: 'd', name: 'uptime', at: start, sum: 180, count: 2 },
    { deviceId: 'd', name: 'load', at: start, sum: 1.5, count: 2 },
    { deviceId: 'd', name: 'load', at: start + 5 * MINUTE, sum: -30, count: 1 },
  ]);
  expect(told).toEqual(['readings-changed']);
  await clock.advance(60_000);
  expect(batches).toHaveLength(1);
});

test('what is asked for is written first', async () => {
  note({ load: '1' });
  expect((await readings.of('d', 0, 1)).last).toMatchObject([{ name: 'load', value: '1' }]);
  expect(batches).toHaveLength(1);
});

test('what the database refuses is written the next time, below what has come since', async () => {
  refuse = true;
  note({ load: '1', state: 'old' }, 1_000);
  await clock.advance(5_000);
  expect(errors).toHaveLength(1);
  expect(told).toEqual([]);
  note({ load: '2' }, 2_000);
  refuse = false;
  await clock.advance(5_000);
  expect(batches).toHaveLength(1);
  expect(batches[0]?.readings.map(({ name, value }) => `${name}=${value}`)).toEqual(['state=old', 'load=2']);
  expect(batches[0]?.samples).toMatchObject([{ name: 'load', sum: 3, count: 2 }]);
});

test('what is waiting is written at the end', async () => {
  note({ load: '1' });
  await readings.close();
  expect(batches).toHaveLength(1);
});

test('history goes after a month', async () => {
  await clock.advance(3600_000);
  expect(pruned).toEqual([clock.now() - 31 * 24 * 3600_000]);
});

test('takes names and values as they come, bounded', async () => {
  note({ 'a\n\u0007b': ' x\ty ', '': '1', ' ': '1', __proto__x: '1', constructor: 'nan', huge: '1e300' });
  note({ ['n'.repeat(1000)]: 'v'.repeat(1000) });
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`m${n}`, 'x']));
  await readings.flush();
  expect(batches[0]?.readings.map(({ name, value }) => [name, value])).toEqual([
    ['a b', 'x y'],
    ['__proto__x', '1'],
    ['constructor', 'nan'],
    ['huge', '1e300'],
    ['n'.repeat(64), 'v'.repeat(200)],
  ]);
  expect(batches[0]?.samples.map(({ name }) => name)).toEqual(['__proto__x']);
  note(many);
  note({ one: 'more' });
  await readings.flush();
  const names = batches[1]?.readings.map(({ name }) => name) ?? [];
  expect(names).toHaveLength(64);
  expect(names.at(-1)).toBe('one');
  expect(names).toContain('m99');
});

test('whatever a device says, what is written can be kept', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(text, text), { maxLength: 80 }), async (pairs) => {
      batches = [];
      readings.note(DEVICE, new Map(pairs), 0);
      await readings.flush();
      for (const { name, value } of batches.flatMap((batch) => batch.readings)) {
        expect(name).toMatch(/^[^\p{Cc}]{1,64}$/u);
        expect(value).toMatch(/^[^\p{Cc}]{0,200}$/u);
        expect([name, value].every((one) => one.isWellFormed())).toBe(true);
      }
      for (const { sum } of batches.flatMap((batch) => batch.samples))
        expect(Number.isFinite(sum)).toBe(true);
    }),
    { interruptAfterTimeLimit: 2_000 },
  );
});
