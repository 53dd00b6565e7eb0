import { expect, test } from 'vitest';
import {
  makeAccount,
  makeDevice,
  NOW,
  newEnrolmentToken,
  newSession,
  type Open,
} from './contract-fixtures.ts';

export function accountStoreContract(open: Open): void {
  test('gives an account back by id and by name', async () => {
    const { accounts } = await open();
    const record = { id: 'a1', name: 'ann', role: 'admin', passwordHash: '$x', createdAt: NOW } as const;
    await accounts.insert(record);
    expect(await accounts.byId('a1')).toEqual(record);
    expect(await accounts.byName('ann')).toEqual(record);
    expect(await accounts.byId('ann')).toBeUndefined();
    expect(await accounts.byName('a1')).toBeUndefined();
  });

  test('refuses a name that is taken', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    await expect(stores.accounts.insert({ ...ann, id: 'other' })).rejects.toMatchObject({
      code: 'name_taken',
    });
    expect(await stores.accounts.count()).toBe(1);
  });

  test('of two racing inserts of one name, one wins', async () => {
    const stores = await open();
    const record = { name: 'ann', role: 'member', passwordHash: '$x', createdAt: NOW } as const;
    const results = await Promise.allSettled(
      ['1', '2', '3', '4'].map((id) => stores.accounts.insert({ ...record, id })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'name_taken' });
    }
  });

  test('lists in order of name by bytes, page after page', async () => {
    const stores = await open();
    for (const name of ['b', 'a_b', 'a', 'a.b', 'a-b', 'ab']) await makeAccount(stores, name);
    const first = await stores.accounts.list({ limit: 4 });
    expect(first.map(({ name }) => name)).toEqual(['a', 'a-b', 'a.b', 'a_b']);
    const second = await stores.accounts.list({ afterName: 'a_b', limit: 4 });
    expect(second.map(({ name }) => name)).toEqual(['ab', 'b']);
  });

  test('changes what is named and nothing else', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    expect(await stores.accounts.update(ann.id, { role: 'admin' })).toBe(true);
    expect(await stores.accounts.byId(ann.id)).toEqual({ ...ann, role: 'admin' });
    expect(await stores.accounts.update(ann.id, { passwordHash: '$new' })).toBe(true);
    expect(await stores.accounts.byId(ann.id)).toEqual({ ...ann, role: 'admin', passwordHash: '$new' });
    expect(await stores.accounts.update(ann.id, {})).toBe(true);
    expect(await stores.accounts.update('nobody', { role: 'admin' })).toBe(false);
    expect(await stores.accounts.update(ann.id, { upstream: true })).toBe(true);
    expect(await stores.accounts.byId(ann.id)).toMatchObject({ upstream: true });
    expect(await stores.accounts.update(ann.id, { upstream: false })).toBe(true);
    expect(await stores.accounts.byId(ann.id)).not.toHaveProperty('upstream');
  });

  test('counts all, or those of a role', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    await makeAccount(stores, 'bob');
    await stores.accounts.update(ann.id, { role: 'admin' });
    expect(await stores.accounts.count()).toBe(2);
    expect(await stores.accounts.count({ role: 'admin' })).toBe(1);
  });

  test('removal takes all that is the account’s along, and keeps its device names reserved', async () => {
    const stores = await open();
    const [ann, bob] = [await makeAccount(stores, 'ann'), await makeAccount(stores, 'bob')];
    for (const { id } of [ann, bob]) {
      const device = await makeDevice(stores, id, `shed-${id}`, { tags: ['x'] });
      await stores.devices.addServices(device.id, [{ name: 'web', kind: 'http' }]);
      await stores.health.record(
        [{ deviceId: device.id, at: NOW, state: 'up' }],
        [{ deviceId: device.id, at: NOW, rtt: 1, bytesIn: 1, bytesOut: 1 }],
      );
      await stores.sessions.insert(newSession(id, `s${id}`));
      await stores.enrolmentTokens.insert(newEnrolmentToken(id, `t${id}`));
      await stores.accessTokens.insert({
        id: `p${id}`,
        accountId: id,
        name: 'ci',
        tokenHash: `p${id}`,
        createdAt: NOW,
        expiresAt: undefined,
        lastUsedAt: undefined,
        grant: undefined,
      });
    }
    expect(await stores.accounts.remove(ann.id)).toBe(true);
    expect(await stores.accounts.remove(ann.id)).toBe(false);

    expect(await stores.accounts.byId(ann.id)).toBeUndefined();
    expect(await stores.devices.byName(`shed-${ann.id}`)).toBeUndefined();
    expect(await stores.devices.byFingerprint(`SHA256:shed-${ann.id}`)).toBeUndefined();
    expect(await stores.sessions.byTokenHash(`hashs${ann.id}`, NOW)).toBeUndefined();
    expect(await stores.accessTokens.byTokenHash(`p${ann.id}`, NOW)).toBeUndefined();
    expect(await stores.enrolmentTokens.use(`hasht${ann.id}`, NOW)).toBeUndefined();
    expect(await stores.health.events(`deviceshed-${ann.id}`, NOW, NOW + 1)).toEqual([]);
    await expect(makeDevice(stores, bob.id, `shed-${ann.id}`)).rejects.toMatchObject({ code: 'name_taken' });

    expect(await stores.devices.byName(`shed-${bob.id}`)).toMatchObject({ tags: ['x'] });
    expect(await stores.sessions.list(bob.id, NOW)).toHaveLength(1);
    expect(await stores.accessTokens.list(bob.id)).toHaveLength(1);
    expect(await stores.enrolmentTokens.list(bob.id)).toHaveLength(1);
    expect(await stores.health.samples(`deviceshed-${bob.id}`, NOW, NOW + 1)).toHaveLength(1);
  });
}
