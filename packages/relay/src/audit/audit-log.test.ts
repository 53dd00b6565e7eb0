import { FakeClock } from '@porchlight/testkit';
import { beforeEach, expect, test } from 'vitest';
import { AuditLog } from './audit-log.ts';
import type { AuditStore, NewAuditEntry } from './audit-store.ts';

let batches: NewAuditEntry[][];
let failing: boolean;
let errors: unknown[];
let clock: FakeClock;
let log: AuditLog;

beforeEach(() => {
  batches = [];
  failing = false;
  errors = [];
  clock = new FakeClock();
  const store: AuditStore = {
    append: async (entries) => {
      if (failing) throw new Error('disk full');
      batches.push([...entries]);
    },
    list: async () => [],
    prune: async () => undefined,
  };
  log = new AuditLog({ store, clock, onError: (error) => errors.push(error) });
});

function append(count: number): void {
  for (let n = 0; n < count; n += 1) {
    log.append({ accountId: 'a', at: n, actor: 'ann', action: 'session.started' });
  }
}

test('writes once a second, in order', async () => {
  append(3);
  expect(batches).toEqual([]);
  await clock.advance(1_000);
  expect(batches.map((batch) => batch.map(({ at }) => at))).toEqual([[0, 1, 2]]);
  await clock.advance(10_000);
  expect([batches.length, clock.waiting]).toEqual([1, 0]);
});

test('writes at once when two hundred wait', async () => {
  append(450);
  await log.flush();
  expect(batches.map((batch) => batch.length)).toEqual([200, 200, 50]);
});

test('keeps what the database refuses and tries again', async () => {
  failing = true;
  append(2);
  await clock.advance(2_000);
  expect(errors.length).toBe(2);
  failing = false;
  append(1);
  await clock.advance(1_000);
  expect(batches.map((batch) => batch.length)).toEqual([3]);
});

test('is bounded while the database fails, and says what was lost', async () => {
  failing = true;
  append(10_005);
  await log.flush();
  failing = false;
  await log.close();
  expect(batches.flat()).toHaveLength(10_000);
  expect(errors.at(-1)).toMatchObject({ message: expect.stringContaining('lost 5 entries') });
});

test('closing writes what waits, and listing sees it', async () => {
  append(1);
  await log.list('a', { withRelay: false, limit: 1 });
  expect(batches).toHaveLength(1);
  append(1);
  await log.close();
  expect([batches.length, clock.waiting]).toEqual([2, 0]);
});
