import { expect, test } from 'vitest';
import type { AccessTokenRecord } from '../access/access-token-store.ts';
import { makeAccount, NOW, type Open } from './contract-fixtures.ts';

export function accessTokenStoreContract(open: Open): void {
  const token = (accountId: string, id: string, change: Partial<AccessTokenRecord> = {}) => ({
    id,
    accountId,
    name: 'a program',
    tokenHash: `hash${id}`,
    createdAt: NOW,
    expiresAt: undefined,
    lastUsedAt: undefined,
    grant: undefined,
    ...change,
  });

  test('finds a token by its hash; for ever, or until it expires', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    const [forever, brief] = [token(ann.id, 'p1'), token(ann.id, 'p2', { expiresAt: NOW + 10 })];
    await stores.accessTokens.insert(forever);
    await stores.accessTokens.insert(brief);
    expect(await stores.accessTokens.byTokenHash('hashp1', NOW * 2)).toEqual(forever);
    expect(await stores.accessTokens.byTokenHash('hashp2', NOW + 9)).toEqual(brief);
    expect(await stores.accessTokens.byTokenHash('hashp2', NOW + 10)).toBeUndefined();
  });

  test('lists newest first, with the last use', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    await stores.accessTokens.insert(token(ann.id, 'p1'));
    await stores.accessTokens.insert(token(ann.id, 'p2', { createdAt: NOW + 1 }));
    await stores.accessTokens.used('p1', NOW + 7);
    expect(await stores.accessTokens.list(ann.id)).toMatchObject([
      { id: 'p2', lastUsedAt: undefined },
      { id: 'p1', lastUsedAt: NOW + 7 },
    ]);
  });

  test('is listed and revoked by its own account only', async () => {
    const stores = await open();
    const [ann, bob] = [await makeAccount(stores, 'ann'), await makeAccount(stores, 'bob')];
    await stores.accessTokens.insert(token(ann.id, 'p1'));
    expect(await stores.accessTokens.list(bob.id)).toEqual([]);
    expect(await stores.accessTokens.remove(bob.id, 'p1')).toBe(false);
    expect(await stores.accessTokens.remove(ann.id, 'p1')).toBe(true);
    expect(await stores.accessTokens.byTokenHash('hashp1', NOW)).toBeUndefined();
  });
}
