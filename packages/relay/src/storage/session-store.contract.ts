import { expect, test } from 'vitest';
import { makeAccount, NOW, newSession, type Open } from './contract-fixtures.ts';

export function sessionStoreContract(open: Open): void {
  test('finds a session by its hash until it expires', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    const session = newSession(ann.id, 's1');
    await stores.sessions.insert(session);
    expect(await stores.sessions.byTokenHash('hashs1', NOW + 999)).toEqual(session);
    expect(await stores.sessions.byTokenHash('hashs1', NOW + 1000)).toBeUndefined();
    expect(await stores.sessions.byTokenHash('other', NOW)).toBeUndefined();
    await stores.sessions.touch('s1', NOW + 5, NOW + 5000);
    expect(await stores.sessions.byTokenHash('hashs1', NOW + 4999)).toEqual({
      ...session,
      lastSeenAt: NOW + 5,
      expiresAt: NOW + 5000,
    });
  });

  test('keeps hostile texts from the visitor in a form that it can give back', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    const userAgent = `\0';drop table sessions--\ud800${'x'.repeat(10_000)}`;
    await stores.sessions.insert(newSession(ann.id, 's1', { userAgent }));
    const kept = await stores.sessions.byTokenHash('hashs1', NOW);
    expect(kept?.userAgent).toMatch(/^';drop table sessions--\ufffdx+$/);
    expect(kept?.userAgent.length).toBeLessThanOrEqual(500);
  });

  test('lists newest first without the expired ones', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    await stores.sessions.insert(newSession(ann.id, 'old', { createdAt: NOW - 2 }));
    await stores.sessions.insert(newSession(ann.id, 'new', { createdAt: NOW }));
    await stores.sessions.insert(newSession(ann.id, 'ended', { expiresAt: NOW }));
    expect((await stores.sessions.list(ann.id, NOW)).map(({ id }) => id)).toEqual(['new', 'old']);
  });

  test('confines listing and ending to one account', async () => {
    const stores = await open();
    const [ann, bob] = [await makeAccount(stores, 'ann'), await makeAccount(stores, 'bob')];
    await stores.sessions.insert(newSession(ann.id, 'a1'));
    await stores.sessions.insert(newSession(ann.id, 'a2'));
    await stores.sessions.insert(newSession(bob.id, 'b1'));
    expect(await stores.sessions.list('', NOW)).toEqual([]);
    expect(await stores.sessions.remove(bob.id, 'a1')).toBe(false);
    expect(await stores.sessions.removeOthers(bob.id, 'a1')).toEqual(['b1']);
    expect(await stores.sessions.removeOthers(ann.id, 'a1')).toEqual(['a2']);
    expect(await stores.sessions.remove(ann.id, 'a1')).toBe(true);
    expect(await stores.sessions.remove(ann.id, 'a1')).toBe(false);
  });

  test('ends all sessions, and clears away the expired', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    await stores.sessions.insert(newSession(ann.id, 'a1', { expiresAt: NOW + 1 }));
    await stores.sessions.insert(newSession(ann.id, 'a2'));
    await stores.sessions.removeExpired(NOW + 1);
    expect((await stores.sessions.list(ann.id, 0)).map(({ id }) => id)).toEqual(['a2']);
    expect(await stores.sessions.removeOthers(ann.id, undefined)).toEqual(['a2']);
  });

  test('refuses a session of an account that is gone', async () => {
    const { sessions } = await open();
    await expect(sessions.insert(newSession('nobody', 's'))).rejects.toMatchObject({ code: 'not_found' });
  });
}
