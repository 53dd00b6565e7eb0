import { expect, test } from 'vitest';
import type { SshKeyRecord } from '../accounts/ssh-key-store.ts';
import { makeAccount, NOW, type Open } from './contract-fixtures.ts';

export function sshKeyStoreContract(open: Open): void {
  const key = (accountId: string, id: string, change: Partial<SshKeyRecord> = {}): SshKeyRecord => ({
    id,
    accountId,
    name: 'laptop',
    fingerprint: `SHA256:${id}`,
    publicKey: `ssh-ed25519 ${id}`,
    createdAt: NOW,
    lastUsedAt: undefined,
    ...change,
  });

  test('finds a key by its fingerprint, and lists newest first with the last use', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    await stores.sshKeys.insert(key(ann.id, 'k1'));
    await stores.sshKeys.insert(key(ann.id, 'k2', { createdAt: NOW + 1 }));
    await stores.sshKeys.used('k1', NOW + 7);
    expect(await stores.sshKeys.byFingerprint('SHA256:k1')).toEqual(
      key(ann.id, 'k1', { lastUsedAt: NOW + 7 }),
    );
    expect(await stores.sshKeys.byFingerprint('SHA256:k3')).toBeUndefined();
    expect((await stores.sshKeys.list(ann.id)).map(({ id }) => id)).toEqual(['k2', 'k1']);
  });

  test('a key is taken once, also when it is added twice at the same time', async () => {
    const stores = await open();
    const [ann, bob] = [await makeAccount(stores, 'ann'), await makeAccount(stores, 'bob')];
    const outcomes = await Promise.allSettled([
      stores.sshKeys.insert(key(ann.id, 'k1')),
      stores.sshKeys.insert(key(bob.id, 'k2', { fingerprint: 'SHA256:k1' })),
    ]);
    const refused = outcomes.filter((one) => one.status === 'rejected');
    expect(refused.map(({ reason }) => reason)).toMatchObject([{ code: 'conflict' }]);
  });

  test('is listed and removed by its own account only, and goes with it', async () => {
    const stores = await open();
    const [ann, bob] = [await makeAccount(stores, 'ann'), await makeAccount(stores, 'bob')];
    await stores.sshKeys.insert(key(ann.id, 'k1'));
    await stores.sshKeys.insert(key(ann.id, 'k2'));
    expect(await stores.sshKeys.list(bob.id)).toEqual([]);
    expect(await stores.sshKeys.remove(bob.id, 'k1')).toBe(false);
    expect(await stores.sshKeys.remove(ann.id, 'k1')).toBe(true);
    expect(await stores.sshKeys.byFingerprint('SHA256:k1')).toBeUndefined();
    await stores.accounts.remove(ann.id);
    expect(await stores.sshKeys.byFingerprint('SHA256:k2')).toBeUndefined();
  });
}
