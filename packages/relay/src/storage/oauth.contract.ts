import { expect, test } from 'vitest';
import type { AppGrantRecord } from '../oauth/app-grant-store.ts';
import type { AppRecord } from '../oauth/app-store.ts';
import type { OAuthRecord } from '../oauth/record-store.ts';
import { makeAccount, NOW, type Open } from './contract-fixtures.ts';

const secret = (id: string, createdAt = NOW) => ({
  id,
  secretHash: `hash${id}`,
  digestHash: undefined,
  createdAt,
  lastUsedAt: undefined,
});

export function appStoreContract(open: Open): void {
  const app = (accountId: string, id: string, change: Partial<AppRecord> = {}): AppRecord => ({
    id,
    accountId,
    name: 'Weather wall',
    logo: undefined,
    callbacks: ['https://app.example/back', 'com.example.app:/back'],
    confidential: true,
    createdAt: NOW,
    secrets: [secret(`s${id}`)],
    ...change,
  });

  test('gives an app as it was registered, with its secrets', async () => {
    const { apps, ...stores } = await open();
    const ann = await makeAccount({ apps, ...stores }, 'ann');
    const [wall, page] = [
      app(ann.id, 'wall', { logo: 'data:image/png;base64,AA==' }),
      app(ann.id, 'page', { confidential: false, secrets: [], createdAt: NOW + 1 }),
    ];
    await apps.insert(wall);
    await apps.insert(page);
    expect(await apps.byId('wall')).toEqual(wall);
    expect(await apps.list(ann.id)).toEqual([wall, page]);
    expect(await apps.byId('other')).toBeUndefined();
  });

  test('is changed and removed by its own account only', async () => {
    const stores = await open();
    const [ann, bob] = [await makeAccount(stores, 'ann'), await makeAccount(stores, 'bob')];
    await stores.apps.insert(app(ann.id, 'wall'));
    const change = { name: 'Wall', logo: undefined, callbacks: [] };
    expect(await stores.apps.change(bob.id, 'wall', change)).toBe(false);
    expect(await stores.apps.remove(bob.id, 'wall')).toBe(false);
    expect(await stores.apps.list(bob.id)).toEqual([]);
    expect(await stores.apps.change(ann.id, 'wall', change)).toBe(true);
    expect(await stores.apps.byId('wall')).toEqual(app(ann.id, 'wall', { name: 'Wall', callbacks: [] }));
    expect(await stores.apps.remove(ann.id, 'wall')).toBe(true);
    expect(await stores.apps.byId('wall')).toBeUndefined();
  });

  test('secrets come and go, oldest first, with their last use', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    await stores.apps.insert(app(ann.id, 'wall', { secrets: [secret('b')] }));
    await stores.apps.addSecret('wall', { ...secret('a', NOW + 1), digestHash: 'md5' });
    await stores.apps.secretUsed('a', NOW + 5);
    expect((await stores.apps.byId('wall'))?.secrets).toEqual([
      secret('b'),
      { ...secret('a', NOW + 1), digestHash: 'md5', lastUsedAt: NOW + 5 },
    ]);
    expect(await stores.apps.removeSecret('page', 'b')).toBe(false);
    expect(await stores.apps.removeSecret('wall', 'b')).toBe(true);
    expect((await stores.apps.byId('wall'))?.secrets.map(({ id }) => id)).toEqual(['a']);
  });

  test('goes with its account', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    await stores.apps.insert(app(ann.id, 'wall'));
    await stores.accounts.remove(ann.id);
    expect(await stores.apps.byId('wall')).toBeUndefined();
  });
}

const grantOf = (accountId: string, id: string, change: Partial<AppGrantRecord> = {}): AppGrantRecord => ({
  id,
  accountId,
  appId: 'wall',
  grant: { scopes: ['read'], devices: [{ id: 'd1', services: ['web'] }] },
  scope: 'read device:shed/web',
  asked: 'read write',
  linkButton: false,
  createdAt: NOW,
  lastUsedAt: undefined,
  ...change,
});

export function appGrantStoreContract(open: Open): void {
  test('lists newest first, by account and by app', async () => {
    const stores = await open();
    const [ann, bob] = [await makeAccount(stores, 'ann'), await makeAccount(stores, 'bob')];
    const grants = [
      grantOf(ann.id, 'g1'),
      grantOf(ann.id, 'g2', { createdAt: NOW + 1, appId: 'page', grant: { scopes: ['read', 'write'] } }),
      grantOf(bob.id, 'g3', { linkButton: true }),
    ] as const;
    for (const grant of grants) await stores.appGrants.insert(grant);
    expect(await stores.appGrants.list(ann.id)).toEqual([grants[1], grants[0]]);
    expect((await stores.appGrants.listOfApp('wall')).map(({ id }) => id).sort()).toEqual(['g1', 'g3']);
    expect(await stores.appGrants.byId('g3')).toEqual(grants[2]);
    await stores.appGrants.used('g3', NOW + 9);
    expect((await stores.appGrants.byId('g3'))?.lastUsedAt).toBe(NOW + 9);
    expect(await stores.appGrants.remove('g3')).toBe(true);
    expect(await stores.appGrants.remove('g3')).toBe(false);
    expect(await stores.appGrants.byId('g3')).toBeUndefined();
  });

  test('those that nobody uses are removed, those in use stay', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    await stores.appGrants.insert(grantOf(ann.id, 'old'));
    await stores.appGrants.insert(grantOf(ann.id, 'used', { lastUsedAt: NOW + 100 }));
    await stores.appGrants.insert(grantOf(ann.id, 'new', { createdAt: NOW + 100 }));
    await stores.appGrants.removeIdle(NOW + 50);
    expect((await stores.appGrants.list(ann.id)).map(({ id }) => id).sort()).toEqual(['new', 'used']);
  });
}

export function oauthRecordStoreContract(open: Open): void {
  const record = (idHash: string, change: Partial<OAuthRecord> = {}): OAuthRecord => ({
    kind: 'RefreshToken',
    idHash,
    grantId: undefined,
    userCodeHash: undefined,
    payload: '{}',
    consumedAt: undefined,
    expiresAt: NOW + 1000,
    ...change,
  });

  test('keeps a record by kind and hash; a second writing keeps what it does not say', async () => {
    const { oauthRecords } = await open();
    const code = record('h1', { kind: 'DeviceCode', userCodeHash: 'u1' });
    await oauthRecords.put(code);
    expect(await oauthRecords.find('DeviceCode', 'h1')).toEqual(code);
    expect(await oauthRecords.find('RefreshToken', 'h1')).toBeUndefined();
    await oauthRecords.put({ ...code, userCodeHash: undefined, grantId: 'g1', payload: '{"a":1}' });
    const both = { ...code, grantId: 'g1', payload: '{"a":1}' };
    expect(await oauthRecords.byUserCode('u1')).toEqual(both);
    await oauthRecords.remove('DeviceCode', 'h1');
    expect(await oauthRecords.byUserCode('u1')).toBeUndefined();
  });

  test('is used up once, whoever comes at the same time, and does not live longer for it', async () => {
    const { oauthRecords } = await open();
    await oauthRecords.put(record('h1'));
    await oauthRecords.put(record('h2'));
    const all = await Promise.all(
      [1, 2, 3, 4].map(() => oauthRecords.consume('RefreshToken', 'h1', NOW + 1, NOW + 500)),
    );
    expect(all.filter(Boolean)).toHaveLength(1);
    expect(await oauthRecords.find('RefreshToken', 'h1')).toMatchObject({
      consumedAt: NOW + 1,
      expiresAt: NOW + 500,
    });
    expect(await oauthRecords.consume('RefreshToken', 'h2', NOW + 1, NOW + 5000)).toBe(true);
    expect((await oauthRecords.find('RefreshToken', 'h2'))?.expiresAt).toBe(NOW + 1000);
    expect(await oauthRecords.consume('RefreshToken', 'unknown', NOW, NOW)).toBe(false);
  });

  test('what belongs to a grant goes with it, or the oldest beyond so many of a kind', async () => {
    const { oauthRecords } = await open();
    for (let n = 0; n < 5; n++) {
      await oauthRecords.put(record(`h${n}`, { grantId: 'g1', expiresAt: NOW + n }));
    }
    await oauthRecords.put(record('access', { grantId: 'g1', kind: 'AccessToken' }));
    await oauthRecords.put(record('other', { grantId: 'g2' }));
    await oauthRecords.removeOfGrant('g1', { kind: 'RefreshToken', keep: 2 });
    const left = async () => {
      const found = await Promise.all([0, 1, 2, 3, 4].map((n) => oauthRecords.find('RefreshToken', `h${n}`)));
      return found.map((one) => one !== undefined);
    };
    expect(await left()).toEqual([false, false, false, true, true]);
    expect(await oauthRecords.find('AccessToken', 'access')).toBeDefined();
    await oauthRecords.removeOfGrant('g1');
    expect(await left()).toEqual([false, false, false, false, false]);
    expect(await oauthRecords.find('AccessToken', 'access')).toBeUndefined();
    expect(await oauthRecords.find('RefreshToken', 'other')).toBeDefined();
  });

  test('counts what waits, and sweeps what has expired or lost its grant', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    await stores.appGrants.insert(grantOf(ann.id, 'g1'));
    await stores.oauthRecords.put(record('old', { expiresAt: NOW - 1 }));
    await stores.oauthRecords.put(record('orphan', { grantId: 'gone' }));
    await stores.oauthRecords.put(record('held', { grantId: 'g1' }));
    await stores.oauthRecords.put(record('free'));
    expect(await stores.oauthRecords.count('RefreshToken', NOW)).toBe(3);
    expect(await stores.oauthRecords.count('DeviceCode', NOW)).toBe(0);
    await stores.oauthRecords.sweep(NOW);
    const names = ['old', 'orphan', 'held', 'free'];
    const found = await Promise.all(names.map((name) => stores.oauthRecords.find('RefreshToken', name)));
    expect(found.map((one) => one?.idHash)).toEqual([undefined, undefined, 'held', 'free']);
  });
}
