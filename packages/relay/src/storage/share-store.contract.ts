import { expect, test } from 'vitest';
import type { ShareRecord } from '../shares/share-store.ts';
import { makeAccount, makeDevice, NOW, type Open } from './contract-fixtures.ts';

export function shareStoreContract(open: Open): void {
  async function setUp(change: Partial<ShareRecord> = {}) {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    const device = await makeDevice(stores, ann.id, 'shed');
    const share: ShareRecord = {
      id: 'h1',
      accountId: ann.id,
      deviceId: device.id,
      service: 'web',
      name: 'for grandma',
      scope: 'read',
      tokenHash: 'hashh1',
      passwordHash: undefined,
      createdAt: NOW,
      expiresAt: undefined,
      usesLeft: undefined,
      used: 0,
      lastUsedAt: undefined,
      ...change,
    };
    await stores.shares.insert(share);
    return { stores, ann, device, share };
  }

  test('is found by its hash and its id until it expires', async () => {
    const { stores, share } = await setUp({ expiresAt: NOW + 10, passwordHash: '$argon2id$x' });
    expect(await stores.shares.byTokenHash('hashh1', NOW + 9)).toEqual(share);
    expect(await stores.shares.byId('h1', NOW + 9)).toEqual(share);
    expect(await stores.shares.byTokenHash('hashh1', NOW + 10)).toBeUndefined();
    expect(await stores.shares.byId('h1', NOW + 10)).toBeUndefined();
    expect(await stores.shares.use('h1', NOW + 10)).toBe(false);
  });

  test('of callers racing for the last uses, as many as there are uses get one', async () => {
    const { stores, ann } = await setUp({ usesLeft: 3 });
    const got = await Promise.all(Array.from({ length: 12 }, () => stores.shares.use('h1', NOW + 5)));
    expect(got.filter(Boolean)).toHaveLength(3);
    expect(await stores.shares.list(ann.id)).toMatchObject([{ usesLeft: 0, used: 3, lastUsedAt: NOW + 5 }]);
  });

  test('without a number of uses it is opened as often as one likes, and counted', async () => {
    const { stores, ann } = await setUp();
    for (let n = 0; n < 3; n += 1) expect(await stores.shares.use('h1', NOW)).toBe(true);
    expect(await stores.shares.list(ann.id)).toMatchObject([{ usesLeft: undefined, used: 3 }]);
  });

  test('is listed and revoked by its own account only, and goes with its device', async () => {
    const { stores, ann, device, share } = await setUp();
    const bob = await makeAccount(stores, 'bob');
    const other = await makeDevice(stores, ann.id, 'barn');
    await stores.shares.insert({ ...share, id: 'h2', tokenHash: 'hashh2', deviceId: other.id });
    expect(await stores.shares.list(bob.id)).toEqual([]);
    expect(await stores.shares.list(ann.id, other.id)).toMatchObject([{ id: 'h2' }]);
    expect(await stores.shares.remove(bob.id, 'h1')).toBe(false);
    expect(await stores.shares.remove(ann.id, 'h1')).toBe(true);
    expect(await stores.shares.byId('h1', NOW)).toBeUndefined();
    await stores.devices.remove(ann.id, device.id);
    expect(await stores.shares.list(ann.id)).toHaveLength(1);
    await stores.devices.remove(ann.id, other.id);
    expect(await stores.shares.list(ann.id)).toEqual([]);
  });
}
