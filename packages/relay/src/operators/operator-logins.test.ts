import { FakeClock } from '@porchlight/testkit';
import { expect, it } from 'vitest';
import { ANONYMOUS, type Person } from '../access/index.ts';
import type { NewAuditEntry } from '../audit/index.ts';
import { MemoryDevices } from '../devices/memory-devices.ts';
import { OperatorLogins } from './operator-logins.ts';

const ALICE: Person = { kind: 'ssh-key', accountId: 'a1', accountName: 'alice', role: 'admin', keyId: 'k1' };
const keyOf = (name: string) => ({ fingerprint: `SHA256:${name}`, publicKey: `ssh-ed25519 ${name}` });

/** `SHA256:alice` is a person's key, `SHA256:router1` a device's; `plt_good` is a token. */
async function setUp() {
  const devices = new MemoryDevices();
  const device = { id: 'd1', accountId: 'a2', name: 'router1', tags: [], createdAt: 0 };
  await devices.insert({ ...device, ...keyOf('router1') });
  const audited: NewAuditEntry[] = [];
  const used: string[] = [];
  const clock = new FakeClock();
  const record = { id: 'k1', accountId: 'a1', name: 'laptop', createdAt: 0, lastUsedAt: undefined };
  const logins = new OperatorLogins({
    sshKeys: {
      byFingerprint: async (fingerprint) =>
        fingerprint === 'SHA256:alice' ? { ...record, ...keyOf('alice') } : undefined,
      used: async ({ id }) => void used.push(id),
    },
    accessTokens: {
      find: async (token) =>
        token === 'plt_good'
          ? { ...record, name: 'cli', tokenHash: '', expiresAt: undefined, grant: undefined }
          : undefined,
    },
    identities: {
      bySshKey: async (fingerprint) => (fingerprint === 'SHA256:alice' ? ALICE : ANONYMOUS),
      byAccessToken: async (token) => (token === 'plt_good' ? ALICE : ANONYMOUS),
    },
    devices,
    audit: { append: (entry) => void audited.push(entry) },
    clock,
    greeting: async () => 'new here',
  });
  return { logins, audited, used, clock };
}

it('the key says who it is, under "operator" and under the name of the account', async () => {
  const { logins, used } = await setUp();
  for (const name of ['operator', 'alice', 'Alice']) {
    expect(await logins.byKey(keyOf('alice'), name)).toMatchObject({
      kind: 'operator',
      operator: { person: ALICE, by: 'key laptop' },
    });
  }
  expect(used).toEqual(['k1', 'k1', 'k1']);
  expect(await logins.byKey(keyOf('alice'), 'robot')).toMatchObject({
    kind: 'refused',
    reason: expect.stringMatching(/a person's: connect as operator@/),
  });
});

it('a device is a device under any name but "operator", where it is told what it is', async () => {
  const { logins, audited } = await setUp();
  for (const name of ['router1', 'alice']) {
    expect(await logins.byKey(keyOf('router1'), name)).toEqual({ kind: 'device' });
  }
  expect(await logins.byKey(keyOf('router1'), 'operator')).toMatchObject({
    kind: 'refused',
    reason: expect.stringMatching(/the key of the device router1/),
  });
  expect(audited).toMatchObject([{ action: 'operator.refused', accountId: 'a2', target: 'router1' }]);
});

it('a stranger is a stranger, also under the name of an account: nothing tells that there is one', async () => {
  const { logins } = await setUp();
  const stranger = { kind: 'device', greeting: 'new here' };
  expect(await logins.byKey(keyOf('mallory'), 'alice')).toEqual(stranger);
  expect(await logins.byKey(keyOf('mallory'), 'nobody')).toEqual(stranger);
  expect(await logins.byKey(keyOf('mallory'), 'operator')).toMatchObject({ kind: 'refused' });
  const may = ['alice', 'router1', 'mallory'].map((name) => logins.mayProve(keyOf(name)));
  expect(await Promise.all(may)).toEqual([true, true, false]);
});

it('wrong tokens are counted by address; a right one costs nothing', async () => {
  const { logins, clock } = await setUp();
  for (let n = 0; n < 100; n += 1) {
    expect(await logins.byToken('plt_good', '192.0.2.1')).toMatchObject({ by: 'token cli' });
  }
  for (let n = 0; n < 20; n += 1) expect(await logins.byToken('plt_bad', '192.0.2.1')).toBeUndefined();
  await expect(logins.byToken('plt_good', '192.0.2.1')).rejects.toMatchObject({ code: 'too_many_requests' });
  expect(await logins.byToken('plt_good', '192.0.2.2')).toMatchObject({ person: ALICE });
  await clock.advance(10_000);
  expect(await logins.byToken('plt_good', '192.0.2.1')).toMatchObject({ person: ALICE });
});
