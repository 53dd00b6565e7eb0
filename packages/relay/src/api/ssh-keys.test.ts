import { FakeClock } from '@porchlight/testkit';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStores, type Stores } from '../storage/index.ts';
import { createRig, type Rig } from './api-rig.ts';

let stores: Stores;
let rig: Rig;

beforeEach(async () => {
  stores = await openStores({ kind: 'sqlite', file: ':memory:' });
  rig = await createRig({ stores, clock: new FakeClock() });
});
afterEach(async () => {
  await rig.close();
  await stores.close();
  expect(rig.errors).toEqual([]);
});

const newKey = (comment = '') => ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256, comment });
const add = (who: string, body: object) => rig.call(who, 'POST', '/api/me/ssh-keys', body);
const list = async (who: string) => (await rig.call(who, 'GET', '/api/me/ssh-keys')).json().items;

test('a key is added, listed without its secrets, and removed; all of it is in the audit log', async () => {
  const key = newKey('bob@laptop');
  const added = await add('bob', { publicKey: key.public });
  expect([added.statusCode, added.json()]).toEqual([
    201,
    {
      id: expect.any(String),
      name: 'bob@laptop',
      fingerprint: expect.stringMatching(/^SHA256:/),
      type: 'ecdsa-sha2-nistp256',
      createdAt: expect.any(Number),
    },
  ]);
  expect(await list('bob')).toEqual([added.json()]);
  expect(await list('eve')).toEqual([]);
  const named = await add('bob', { name: 'the other', publicKey: newKey('x').public });
  expect(named.json().name).toBe('the other');
  expect((await rig.call('bob', 'DELETE', `/api/me/ssh-keys/${added.json().id}`)).statusCode).toBe(204);
  expect((await list('bob')).map(({ name }: { name: string }) => name)).toEqual(['the other']);
  const audit = (await rig.call('bob', 'GET', '/api/audit')).json().items;
  expect(audit.map(({ action }: { action: string }) => action)).toEqual([
    ...['ssh-key.removed', 'ssh-key.added', 'ssh-key.added'],
  ]);
});

test('a private key, nonsense, and a key that is in use are refused with the reason', async () => {
  const key = newKey();
  const refused = async (who: string, publicKey: string) => {
    const answer = await add(who, { publicKey });
    return [answer.statusCode, answer.json().detail];
  };
  expect(await refused('bob', key.private)).toEqual([400, expect.stringMatching(/private key/)]);
  expect(await refused('bob', 'nonsense')).toEqual([400, expect.stringMatching(/no public key/)]);
  await add('bob', { name: 'mine', publicKey: key.public });
  expect(await refused('bob', key.public)).toEqual([409, expect.stringMatching(/already, as "mine"/)]);
  const ofDevice = newKey();
  const fingerprint = (await add('bob', { publicKey: ofDevice.public })).json().fingerprint;
  const there = (await list('bob')).find((one: { fingerprint: string }) => one.fingerprint === fingerprint);
  await rig.call('bob', 'DELETE', `/api/me/ssh-keys/${there.id}`);
  const device = { id: 'd1', accountId: rig.idOf('bob'), name: 'box', tags: [], publicKey: '', createdAt: 0 };
  await stores.devices.insert({ ...device, fingerprint });
  expect(await refused('bob', ofDevice.public)).toEqual([409, expect.stringMatching(/a device's key/)]);
  // Nothing tells another account what kind of key it is, or whose.
  const inUse = 'This key is in use at this relay already';
  expect(await refused('eve', ofDevice.public)).toEqual([409, inUse]);
  expect(await refused('eve', key.public)).toEqual([409, inUse]);
});

test('an account has so many keys at most, and access tokens add none', async () => {
  for (let n = 0; n < 50; n += 1) {
    const key = { id: `k${n}`, accountId: rig.idOf('bob'), name: '', publicKey: '', createdAt: 0 };
    await stores.sshKeys.insert({ ...key, fingerprint: `SHA256:${n}`, lastUsedAt: undefined });
  }
  expect((await add('bob', { publicKey: newKey().public })).json().detail).toMatch(/50 SSH keys at most/);
  const { token } = (await rig.call('eve', 'POST', '/api/me/access-tokens', { name: 'x' })).json();
  const headers = { authorization: `Bearer ${token}` };
  const body = { publicKey: newKey().public };
  const answer = await rig.call(undefined, 'POST', '/api/me/ssh-keys', body, headers);
  expect([answer.statusCode, answer.json().code]).toEqual([403, 'forbidden']);
});
