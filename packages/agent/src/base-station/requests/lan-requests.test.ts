import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Asking, FETCH_MS, LanRequests } from './index.ts';
import { SILENCE_MAX_MS, WAITING_MAX, WAITING_PER_ADDRESS_MAX } from './lan-requests.ts';

let folder: string;
let clock: FakeClock;
let changes: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-lan-'));
  clock = new FakeClock();
  changes = 0;
});
afterEach(() => rm(folder, { recursive: true }));

const open = () =>
  LanRequests.open({
    dataFolder: folder,
    clock,
    onChange: () => {
      changes += 1;
    },
  });
const asking = (address: string, more: Partial<Asking> = {}): Asking => ({
  ...{ asker: `address ${address}`, way: 'emonesp', name: address, address, mac: undefined, code: undefined },
  ...more,
});
const idOf = (requests: LanRequests, address: string): string =>
  requests.list().find((one) => one.address === address)?.id ?? 'none';

it('many wait at once, each with its own, and asking again is no second request', async () => {
  const requests = await open();
  expect(requests.ask(asking('10.0.0.1'))).toMatchObject({ kind: 'waiting', isNew: true });
  expect(requests.ask(asking('10.0.0.2'))).toMatchObject({ kind: 'waiting', isNew: true });
  await clock.advance(10_000);
  expect(requests.ask(asking('10.0.0.1'))).toMatchObject({ kind: 'waiting', isNew: false });
  expect(requests.list().map(({ address, times }) => [address, times])).toEqual([
    ['10.0.0.1', 2],
    ['10.0.0.2', 1],
  ]);
  expect(changes).toBe(2);
});

it('one that does not ask any more goes', async () => {
  const requests = await open();
  requests.ask(asking('10.0.0.1'));
  await clock.advance(SILENCE_MAX_MS - 1);
  expect(requests.list()).toHaveLength(1);
  await clock.advance(1);
  expect(requests.list()).toEqual([]);
});

it('the answer is there for a minute, once, also after a restart', async () => {
  let requests = await open();
  requests.ask(asking('10.0.0.1'));
  const { id } = await requests.allow(idOf(requests, '10.0.0.1'), { name: 'kitchen' });
  requests = await open();
  await clock.advance(FETCH_MS.emonesp - 1);
  expect(requests.ask(asking('10.0.0.1'))).toMatchObject({
    kind: 'allowed',
    allowance: { id, name: 'kitchen' },
  });
  expect(requests.ask(asking('10.0.0.2'))).toMatchObject({ kind: 'waiting' });
  const both = await Promise.all([requests.take(id), requests.take(id)]);
  expect(both.filter((one) => one !== undefined)).toHaveLength(1);
  expect(await (await open()).take(id)).toBeUndefined();
  expect(requests.ask(asking('10.0.0.1'))).toMatchObject({ kind: 'waiting' });
});

it('a minute later it has to be allowed again', async () => {
  const requests = await open();
  requests.ask(asking('10.0.0.1'));
  const { id } = await requests.allow(idOf(requests, '10.0.0.1'), { name: 'kitchen' });
  await clock.advance(FETCH_MS.emonesp);
  expect(await requests.take(id)).toBeUndefined();
  expect(requests.ask(asking('10.0.0.1'))).toMatchObject({ kind: 'waiting', isNew: true });
});

it('denied is remembered, by the hardware address where it is known, until somebody forgets it', async () => {
  let requests = await open();
  const mac = 'aa:bb:cc:dd:ee:ff';
  requests.ask(asking('10.0.0.1', { mac }));
  const { id } = await requests.deny(idOf(requests, '10.0.0.1'));
  requests = await open();
  expect(requests.ask(asking('10.0.0.7', { mac }))).toEqual({ kind: 'denied' });
  expect(requests.ask(asking('10.0.0.1'))).toMatchObject({ kind: 'waiting' });
  expect(await requests.forget(id)).toBe(true);
  expect(await requests.forget(id)).toBe(false);
  expect(requests.ask(asking('10.0.0.7', { mac }))).toMatchObject({ kind: 'waiting' });
});

it('are bounded, for each address and in all', async () => {
  const requests = await open();
  const key = (n: number, address: string) =>
    requests.ask(asking(address, { asker: `key ${n}`, way: 'porchlight', code: '123-456' })).kind;
  for (let n = 0; n < WAITING_PER_ADDRESS_MAX; n += 1) expect(key(n, '10.0.0.1')).toBe('waiting');
  expect(key(99, '10.0.0.1')).toBe('full');
  for (let n = 0; n < 5_000; n += 1) requests.ask(asking(`10.1.${n >> 8}.${n & 255}`));
  expect(requests.list()).toHaveLength(WAITING_MAX);
  // Whoever was there first is still heard.
  expect(key(0, '10.0.0.1')).toBe('waiting');
  await clock.advance(SILENCE_MAX_MS);
  expect(requests.list()).toEqual([]);
});

it('what is not there cannot be allowed or denied', async () => {
  const requests = await open();
  await expect(requests.allow('nothing', { name: 'x' })).rejects.toThrow(/no such request/);
  await expect(requests.deny('nothing')).rejects.toThrow(/no such request/);
});
