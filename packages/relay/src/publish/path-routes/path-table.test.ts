import { parseRequestPath, type RequestPath } from '@porchlight/protocol';
import { FakeClock } from '@porchlight/testkit';
import { expect, it } from 'vitest';
import type { DeviceRecord } from '../../devices/index.ts';
import { createEventBus } from '../../events.ts';
import type { PathRouteRecord } from './path-route-store.ts';
import { PathTable } from './path-table.ts';

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const path = (target: string): RequestPath => {
  const read = parseRequestPath(target);
  if (!read.ok) throw new Error(read.reason);
  return read;
};

/** A table over routes and devices that the test changes; `asked` has the prefixes of each query. */
function setUp() {
  const clock = new FakeClock();
  const events = createEventBus((error) => {
    throw error;
  });
  const rows = new Map<string, PathRouteRecord>();
  const kinds = new Map([['web', 'http']]);
  const asked: (readonly string[])[] = [];
  let hold: Promise<void> | undefined;
  const table = new PathTable({
    store: {
      async byPrefixes(prefixes) {
        asked.push(prefixes);
        const found = prefixes.flatMap((prefix) => rows.get(prefix) ?? []);
        await hold;
        return found;
      },
    },
    devices: {
      async byId(accountId, id) {
        const services = [...kinds].map(([name, kind]) => ({ name, kind }));
        return { id, accountId, services } as unknown as DeviceRecord;
      },
    },
    events,
    clock,
  });
  const add = (prefix: string, deviceId = 'd1', service = 'web'): void => {
    rows.set(prefix, { id: prefix, accountId: 'a1', deviceId, service, prefix, strip: false, createdAt: 0 });
  };
  const changed = async (deviceId = 'd1'): Promise<void> => {
    events.publish({ type: 'device-changed', accountId: 'a1', deviceId });
    await settled();
  };
  return {
    clock,
    table,
    rows,
    kinds,
    asked,
    add,
    changed,
    hold: (until: Promise<void>): void => void (hold = until),
  };
}

const prefixAt = async (table: PathTable, target: string): Promise<string | undefined> =>
  (await table.resolve(path(target)))?.prefix;

it('the longest whole-segment prefix wins', async () => {
  const { table, add } = setUp();
  for (const prefix of ['/a', '/a/b', '/a/b/c/d']) add(prefix);
  expect(await prefixAt(table, '/a')).toBe('/a');
  expect(await prefixAt(table, '/a/x')).toBe('/a');
  expect(await prefixAt(table, '/a/b/c')).toBe('/a/b');
  expect(await prefixAt(table, '/a/b/c/d/e')).toBe('/a/b/c/d');
  expect(await prefixAt(table, '/a/bc')).toBe('/a');
  expect(await prefixAt(table, '/ab')).toBeUndefined();
  expect(await prefixAt(table, '/A')).toBeUndefined();
  expect(await prefixAt(table, '/')).toBeUndefined();
});

it('asks once, also for what leads nowhere, and again after half a minute', async () => {
  const { table, add, asked, clock } = setUp();
  add('/a');
  expect(table.cached(path('/a/x'))).toBeUndefined();
  expect(await prefixAt(table, '/a/x')).toBe('/a');
  expect(asked).toEqual([['/a/x', '/a']]);
  expect(table.cached(path('/a/x'))?.prefix).toBe('/a');
  expect(await prefixAt(table, '/a/y')).toBe('/a');
  expect(asked[1]).toEqual(['/a/y']);
  await clock.advance(30_000);
  expect(table.cached(path('/a/x'))).toBeUndefined();
  expect(await prefixAt(table, '/a/x')).toBe('/a');
  expect(asked).toHaveLength(3);
});

it('a new, removed or changed route holds at once', async () => {
  const { table, add, rows, kinds, changed } = setUp();
  add('/a');
  expect(await prefixAt(table, '/a/b')).toBe('/a');
  add('/a/b', 'd2');
  await changed('d2');
  expect(await prefixAt(table, '/a/b')).toBe('/a/b');
  rows.delete('/a/b');
  await changed('d2');
  expect(await prefixAt(table, '/a/b')).toBe('/a');
  kinds.set('web', 'tcp');
  await changed('d1');
  expect(await prefixAt(table, '/a/b')).toBeUndefined();
});

it('a lookup that a change overtook is not kept', async () => {
  const { table, add, rows, changed, hold } = setUp();
  add('/a');
  const { promise, resolve } = Promise.withResolvers<void>();
  hold(promise);
  const early = prefixAt(table, '/a');
  rows.delete('/a');
  await changed();
  resolve();
  await early;
  expect(table.cached(path('/a'))).toBeUndefined();
  expect(await prefixAt(table, '/a')).toBeUndefined();
});
