import { createHash } from 'node:crypto';
import { FakeClock } from '@porchlight/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { NewAuditEntry } from '../audit/index.ts';
import { MemoryDevices } from '../devices/memory-devices.ts';
import { createEventBus, type RelayEvent } from '../events.ts';
import { type JoinAnswer, type JoinAsk, type JoinAsked, JoinRequestTable } from './join-request-table.ts';

const RELAY = 'SHA256:relay';
const alice = { accountId: 'alice', accountName: 'alice', admin: false, address: '192.0.2.9' };
const mallory = { ...alice, accountId: 'mallory', accountName: 'mallory' };
const admin = { ...alice, accountId: 'root', accountName: 'root', admin: true };
const MINUTE = 60_000;

/** The code as the agent would compute it, written down a second time from the protocol's words. */
function codeOf(fingerprint: string): string {
  const digest = createHash('sha256').update(`porchlight join\n${fingerprint}\n${RELAY}`).digest();
  const letters = [...digest.subarray(0, 16)].map((byte) =>
    '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'.charAt(byte % 32),
  );
  return [0, 4, 8, 12].map((at) => letters.slice(at, at + 4).join('')).join('-');
}

describe('join requests', () => {
  let clock: FakeClock;
  let devices: MemoryDevices;
  let table: JoinRequestTable;
  let entries: NewAuditEntry[];
  let events: RelayEvent[];
  let answers: [string, JoinAnswer][];

  beforeEach(() => {
    clock = new FakeClock();
    devices = new MemoryDevices();
    [entries, events, answers] = [[], [], []];
    const bus = createEventBus((error) => {
      throw error;
    });
    bus.subscribe((event) => void events.push(event));
    table = new JoinRequestTable({
      ...{ devices, clock, events: bus, relayFingerprint: RELAY },
      audit: { append: (entry) => void entries.push(entry) },
      limits: { perAddress: 3, inAll: 6, devicesPerAccount: 2 },
    });
  });

  const ask = (key: string, more: Partial<JoinAsk> = {}): Promise<JoinAsked> =>
    table.ask({
      ...{ fingerprint: key, publicKey: `ssh-ed25519 ${key}`, name: 'Robot 1', accountId: undefined },
      ...{
        address: '192.0.2.1',
        software: 'agent 1',
        onAnswer: (answer) => void answers.push([key, answer]),
      },
      ...more,
    });
  const idOf = (key: string): string => {
    const found = table.list({ ...admin, accountId: 'alice' }).find((one) => one.fingerprint === key);
    if (found === undefined) throw new Error(`no request of ${key}`);
    return found.id;
  };
  const as = (key: string, name = 'robot') => ({ code: codeOf(key), name, tags: [] });
  const code = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'done',
      (error: { code: string }) => error.code,
    );

  it('show the same code on both sides, and a legal name', async () => {
    const asked = await ask('SHA256:a', { name: '../../Röbot <1>' });
    expect(asked).toMatchObject({ kind: 'waiting', code: codeOf('SHA256:a') });
    expect(table.list(admin)).toMatchObject([{ code: codeOf('SHA256:a'), name: 'r-bot-1', connected: true }]);
    expect(codeOf('SHA256:a')).not.toBe(codeOf('SHA256:b'));
  });

  it('Allow makes a device of the account that pressed it, and tells the agent', async () => {
    await ask('SHA256:a');
    const device = await table.allow(alice, idOf('SHA256:a'), as('SHA256:a'));
    expect(device).toMatchObject({ accountId: 'alice', name: 'robot', fingerprint: 'SHA256:a' });
    expect(answers).toEqual([['SHA256:a', { kind: 'allowed', device }]]);
    expect(table.list(admin)).toEqual([]);
    expect(clock.waiting).toBe(0);
    expect(entries.map(({ action, accountId }) => [action, accountId])).toEqual([
      ['join-request.received', undefined],
      ['join-request.allowed', 'alice'],
      ['device.joined', 'alice'],
    ]);
  });

  it('expire after ten minutes, and not before', async () => {
    await ask('SHA256:a');
    const id = idOf('SHA256:a');
    await clock.advance(10 * MINUTE - 1);
    expect(table.list(admin)).toHaveLength(1);
    await clock.advance(1);
    expect(answers).toEqual([['SHA256:a', { kind: 'expired' }]]);
    expect(await code(table.allow(alice, id, as('SHA256:a')))).toBe('not_found');
    expect(devices.records.size).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: 'join-request-ended', outcome: 'expired' });
  });

  it('one addressed to an account is that account’s alone, whatever anybody knows', async () => {
    await ask('SHA256:a', { accountId: 'alice' });
    const id = idOf('SHA256:a');
    for (const other of [mallory, admin]) {
      expect(table.list(other)).toEqual([]);
      expect(table.findByCode(other, codeOf('SHA256:a'))).toBeUndefined();
      expect(await code(table.allow(other, id, as('SHA256:a')))).toBe('not_found');
      expect(await code(table.deny(other, id, codeOf('SHA256:a')))).toBe('not_found');
    }
    expect(table.list(alice)).toHaveLength(1);
    expect(await code(table.allow(alice, id, as('SHA256:a')))).toBe('done');
  });

  it('one addressed to nobody: admins see it, others find it only by its code', async () => {
    await ask('SHA256:a');
    const id = idOf('SHA256:a');
    expect(table.list(mallory)).toEqual([]);
    expect(table.list(admin)).toHaveLength(1);
    for (const guess of ['', 'AAAA-AAAA', codeOf('SHA256:b'), codeOf('SHA256:a').slice(0, 8), '__proto__'])
      expect(table.findByCode(mallory, guess)).toBeUndefined();
    const typed = ` ${codeOf('SHA256:a').toLowerCase().replace('-', ' ')} `;
    expect(table.findByCode(mallory, typed)?.id).toBe(id);
    for (const wrong of ['', codeOf('SHA256:b')]) {
      expect(await code(table.allow(alice, id, { ...as('SHA256:a'), code: wrong }))).toBe('not_found');
      expect(await code(table.deny(admin, id, wrong))).toBe('not_found');
    }
    expect(devices.records.size).toBe(0);
  });

  it('are bounded for each address, an IPv6 customer’s counting as one, and in all', async () => {
    for (const key of ['a', 'b', 'c']) expect((await ask(key)).kind).toBe('waiting');
    expect(await ask('d')).toEqual({ kind: 'refused', why: 'too-many' });
    for (const n of [1, 2, 3])
      expect((await ask(`v6-${n}`, { address: `2001:db8::${n}` })).kind).toBe('waiting');
    expect(await ask('v6-4', { address: '2001:db8::ffff:4' })).toEqual({ kind: 'refused', why: 'too-many' });
    expect(await ask('e', { address: '192.0.2.2' })).toEqual({ kind: 'refused', why: 'too-many' });
    // The same key again is no further request.
    expect((await ask('a')).kind).toBe('waiting');
    await table.deny(admin, idOf('b'), codeOf('b'));
    expect((await ask('e', { address: '192.0.2.2' })).kind).toBe('waiting');
  });

  it('a key that was denied is not heard for ten minutes', async () => {
    await ask('a');
    await table.deny(admin, idOf('a'), codeOf('a'));
    expect(answers).toEqual([['a', { kind: 'denied' }]]);
    expect(await ask('a')).toEqual({ kind: 'refused', why: 'denied' });
    expect(await ask('a', { accountId: 'alice' })).toEqual({ kind: 'refused', why: 'denied' });
    expect((await ask('b')).kind).toBe('waiting');
    await clock.advance(10 * MINUTE);
    expect((await ask('a')).kind).toBe('waiting');
  });

  it('a key that asks over another connection keeps its request; the old connection is told', async () => {
    const first = await ask('a');
    const second = await ask('a');
    expect(answers).toEqual([['a', { kind: 'replaced' }]]);
    expect(table.list(admin)).toHaveLength(1);
    // The old connection closing takes nothing away.
    if (first.kind === 'waiting') first.withdraw();
    expect(table.list(admin)[0]?.connected).toBe(true);
    if (second.kind === 'waiting') second.withdraw();
    expect(table.list(admin)[0]?.connected).toBe(false);
    // The person may still answer: the device hears it when it comes back.
    await table.allow(alice, idOf('a'), as('a'));
    expect(answers).toHaveLength(1);
    if (second.kind === 'waiting') second.withdraw();
    expect(table.list(admin)).toEqual([]);
  });

  it('a name that is taken leaves the request waiting for another', async () => {
    for (const key of ['a', 'b']) await ask(key);
    await table.allow(alice, idOf('a'), as('a'));
    expect(await code(table.allow(alice, idOf('b'), as('b')))).toBe('name_taken');
    expect(answers).toHaveLength(1);
    expect(await code(table.allow(alice, idOf('b'), as('b', 'robot-2')))).toBe('done');
  });

  it('no more devices than an account may have', async () => {
    for (const key of ['a', 'b', 'c']) await ask(key);
    await table.allow(alice, idOf('a'), as('a', 'one'));
    await table.allow(alice, idOf('b'), as('b', 'two'));
    expect(await code(table.allow(alice, idOf('c'), as('c', 'three')))).toBe('forbidden');
    expect(await code(table.allow(mallory, idOf('c'), as('c', 'three')))).toBe('done');
  });

  it('of two who press at once one is heard, and the agent hears one answer', async () => {
    await ask('a');
    const id = idOf('a');
    const outcomes = await Promise.all([
      code(table.allow(alice, id, as('a', 'one'))),
      code(table.allow(mallory, id, as('a', 'two'))),
      code(table.deny(admin, id, codeOf('a'))),
    ]);
    expect(outcomes).toEqual(['done', 'not_found', 'not_found']);
    expect(answers.map(([, { kind }]) => kind)).toEqual(['allowed']);
    expect(devices.records.size).toBe(1);
    expect((await ask('b')).kind).toBe('waiting');
  });

  it('its time running out while the device is being made does not tell the agent otherwise', async () => {
    for (const works of [true, false]) {
      const key = works ? 'a' : 'b';
      answers = [];
      await ask(key);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      devices.beforeInsert = promise;
      const allowing = code(table.allow(alice, idOf(key), as(key, key)));
      await clock.advance(11 * MINUTE);
      expect(answers).toEqual([]);
      if (works) resolve();
      else reject(Object.assign(new Error('no database'), { code: 'internal' }));
      expect(await allowing).toBe(works ? 'done' : 'internal');
      expect(answers.map(([, { kind }]) => kind)).toEqual([works ? 'allowed' : 'expired']);
      expect(table.list(admin)).toEqual([]);
    }
    expect(clock.waiting).toBe(0);
  });

  it('leave nothing behind when the relay goes away', async () => {
    for (const key of ['a', 'b']) await ask(key);
    table.close();
    expect([clock.waiting, table.list(admin)]).toEqual([0, []]);
  });
});
