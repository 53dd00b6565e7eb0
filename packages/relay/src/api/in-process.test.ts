import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Person } from '../access/index.ts';
import { openStores, type Stores } from '../storage/index.ts';
import { createRig, type Rig } from './api-rig.ts';
import { buildApp } from './create-api.ts';
import { InProcessCalls } from './in-process.ts';

let stores: Stores;
let rig: Rig;
let calls: InProcessCalls;
let built: Awaited<ReturnType<typeof buildApp>>;

beforeEach(async () => {
  stores = await openStores({ kind: 'sqlite', file: ':memory:' });
  rig = await createRig({ stores, clock: new FakeClock() });
  calls = new InProcessCalls();
  built = await buildApp(rig.deps, undefined, calls);
});
afterEach(async () => {
  built.live.close();
  await built.app.close();
  await rig.close();
  await stores.close();
  expect(rig.errors).toEqual([]);
});

const bob = () => ({
  person: {
    ...({ kind: 'ssh-key', accountName: 'bob', role: 'member', keyId: 'k' } as const),
    accountId: rig.idOf('bob'),
  } satisfies Person,
  address: '198.51.100.7',
});

test('a call is that of the person, with the rules and the audit entries of HTTP', async () => {
  const id = await rig.addDevice('bob', 'bobs-box');
  const foreign = await rig.addDevice('eve', 'eves-box');
  expect(await calls.call(built.app, bob(), { method: 'GET', path: '/api/devices' })).toMatchObject({
    items: [{ id, name: 'bobs-box' }],
  });
  await calls.call(built.app, bob(), { method: 'PATCH', path: `/api/devices/${id}`, body: { tags: ['a'] } });
  const [entry] = (await rig.call('bob', 'GET', '/api/audit')).json().items;
  expect(entry).toMatchObject({ actor: 'bob', action: 'device.tagged', address: '198.51.100.7' });
  for (const [method, path, code] of [
    ['DELETE', `/api/devices/${foreign}`, 'not_found'],
    ['GET', '/api/accounts', 'forbidden'],
    // For browsers only: a key could outlive its removal by these.
    ['GET', '/api/me/sessions', 'forbidden'],
    ['DELETE', '/api/me/ssh-keys/k', 'forbidden'],
    ['GET', '/api/devices?limit=many', 'bad_request'],
  ] as const) {
    await expect(calls.call(built.app, bob(), { method, path }), path).rejects.toMatchObject({ code });
  }
});

test('nobody from outside can say that they are such a caller', async () => {
  const get = (headers: Record<string, string>) => built.app.inject({ url: '/api/me', headers });
  const words: string[] = [];
  const spied = new InProcessCalls();
  const app = await buildApp(rig.deps, undefined, {
    callerOf(headers: Readonly<Record<string, unknown>>) {
      words.push(String(headers['x-porchlight-caller']));
      return spied.callerOf(headers);
    },
  } as InProcessCalls);
  expect(await spied.call(app.app, bob(), { method: 'GET', path: '/api/me' })).toMatchObject({
    account: { name: 'bob' },
  });
  app.live.close();
  await app.app.close();
  expect(words).toEqual([expect.stringMatching(/^[A-Za-z0-9_-]{43}$/)]);
  // A word that was used, a made-up one, and names of an object's own.
  for (const word of [words[0] ?? '', 'A'.repeat(43), 'constructor', '']) {
    expect((await get({ 'x-porchlight-caller': word })).statusCode).toBe(401);
    expect(spied.callerOf({ 'x-porchlight-caller': word })).toBeUndefined();
  }
});
