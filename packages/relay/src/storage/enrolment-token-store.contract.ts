import { expect, test } from 'vitest';
import { makeAccount, NOW, newEnrolmentToken, type Open } from './contract-fixtures.ts';

export function enrolmentTokenStoreContract(open: Open): void {
  test('gives the record as it is after the use', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    const token = newEnrolmentToken(ann.id, 't1', { usesLeft: 2 });
    await stores.enrolmentTokens.insert(token);
    expect(await stores.enrolmentTokens.use('hasht1', NOW)).toEqual({ ...token, usesLeft: 1, used: 1 });
    expect(await stores.enrolmentTokens.use('hasht1', NOW)).toEqual({ ...token, usesLeft: 0, used: 2 });
    expect(await stores.enrolmentTokens.use('hasht1', NOW)).toBeUndefined();
    expect(await stores.enrolmentTokens.list(ann.id)).toEqual([{ ...token, usesLeft: 0, used: 2 }]);
  });

  test('is not used when expired or unknown', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    await stores.enrolmentTokens.insert(newEnrolmentToken(ann.id, 't1'));
    expect(await stores.enrolmentTokens.use('hasht1', NOW + 1000)).toBeUndefined();
    expect(await stores.enrolmentTokens.use('other', NOW)).toBeUndefined();
    expect(await stores.enrolmentTokens.use('hasht1', NOW + 999)).toBeDefined();
  });

  test('of callers racing for the last uses, as many as there are uses get one', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    await stores.enrolmentTokens.insert(newEnrolmentToken(ann.id, 't1', { usesLeft: 3 }));
    const results = await Promise.all(
      Array.from({ length: 12 }, () => stores.enrolmentTokens.use('hasht1', NOW)),
    );
    const got = results.filter((result) => result !== undefined);
    expect(got.map(({ usesLeft }) => usesLeft).sort((a, b) => a - b)).toEqual([0, 1, 2]);
    expect(await stores.enrolmentTokens.list(ann.id)).toMatchObject([{ usesLeft: 0, used: 3 }]);
  });

  test('a use given back can be had again, but never more than were taken', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    await stores.enrolmentTokens.insert(newEnrolmentToken(ann.id, 't1'));
    await stores.enrolmentTokens.giveBack('t1');
    expect(await stores.enrolmentTokens.use('hasht1', NOW)).toBeDefined();
    await stores.enrolmentTokens.giveBack('t1');
    await stores.enrolmentTokens.giveBack('t1');
    expect(await stores.enrolmentTokens.use('hasht1', NOW)).toMatchObject({ usesLeft: 0, used: 1 });
    expect(await stores.enrolmentTokens.use('hasht1', NOW)).toBeUndefined();
  });

  test('is listed and revoked by its own account only', async () => {
    const stores = await open();
    const [ann, bob] = [await makeAccount(stores, 'ann'), await makeAccount(stores, 'bob')];
    await stores.enrolmentTokens.insert(newEnrolmentToken(ann.id, 't1', { createdAt: NOW - 1 }));
    await stores.enrolmentTokens.insert(newEnrolmentToken(ann.id, 't2'));
    expect((await stores.enrolmentTokens.list(ann.id)).map(({ id }) => id)).toEqual(['t2', 't1']);
    expect(await stores.enrolmentTokens.list(bob.id)).toEqual([]);
    expect(await stores.enrolmentTokens.remove(bob.id, 't1')).toBe(false);
    expect(await stores.enrolmentTokens.remove(ann.id, 't1')).toBe(true);
    expect(await stores.enrolmentTokens.use('hasht1', NOW)).toBeUndefined();
  });
}
