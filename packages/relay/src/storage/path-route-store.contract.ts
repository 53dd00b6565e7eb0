import { expect, test } from 'vitest';
import type { PathRouteRecord } from '../publish/path-routes/path-route-store.ts';
import { makeAccount, makeDevice, NOW, type Open } from './contract-fixtures.ts';

export function pathRouteStoreContract(open: Open): void {
  async function setUp() {
    const stores = await open();
    const [ann, bob] = [await makeAccount(stores, 'ann'), await makeAccount(stores, 'bob')];
    const [shed, barn] = [await makeDevice(stores, ann.id, 'shed'), await makeDevice(stores, bob.id, 'barn')];
    const route = (prefix: string, change: Partial<PathRouteRecord> = {}): PathRouteRecord => ({
      id: `r${prefix.replace(/\W/g, '')}`,
      accountId: ann.id,
      deviceId: shed.id,
      service: 'web',
      prefix,
      strip: false,
      createdAt: NOW,
      ...change,
    });
    const bobs = { accountId: bob.id, deviceId: barn.id };
    return { stores, paths: stores.pathRoutes, ann, bob, shed, barn, route, bobs };
  }

  test('gives what was kept, by prefix, id and device', async () => {
    const { paths, ann, bob, shed, route } = await setUp();
    const [one, two] = [route('/zumi01'), route('/zumi01/deep', { strip: true })];
    await paths.insert(two, 9);
    await paths.insert(one, 9);
    expect(await paths.byPrefixes(['/zumi01', '/none', '/ZUMI01'])).toEqual([one]);
    expect(await paths.byPrefixes([])).toEqual([]);
    expect(await paths.byId(ann.id, one.id)).toEqual(one);
    expect(await paths.byId(bob.id, one.id)).toBeUndefined();
    expect(await paths.ofDevices(ann.id, [shed.id, 'other'])).toEqual([one, two]);
    expect(await paths.ofDevices(bob.id, [shed.id])).toEqual([]);
    expect(await paths.count(ann.id)).toBe(2);
    expect(await paths.all()).toEqual([one, two]);
  });

  test('a first segment belongs to one account, in any case and after the route is gone', async () => {
    const { paths, ann, route, bobs } = await setUp();
    await paths.insert(route('/zumi01'), 9);
    for (const prefix of ['/zumi01', '/zumi01/below', '/Zumi01', '/ZUMI01/x']) {
      await expect(paths.insert(route(prefix, bobs), 9), prefix).rejects.toMatchObject({
        code: 'name_taken',
      });
    }
    expect(await paths.count(bobs.accountId)).toBe(0);
    expect(await paths.remove(bobs.accountId, 'rzumi01')).toBe(false);
    expect(await paths.remove(ann.id, 'rzumi01')).toBe(true);
    await expect(paths.insert(route('/zumi01', bobs), 9)).rejects.toMatchObject({ code: 'name_taken' });
    await paths.insert(route('/zumi01'), 9);
    await expect(paths.insert(route('/zumi01', { id: 'again' }), 9)).rejects.toMatchObject({
      code: 'name_taken',
    });
  });

  test('an account holds only so many first segments', async () => {
    const { paths, ann, route } = await setUp();
    await paths.insert(route('/a'), 2);
    await paths.insert(route('/b'), 2);
    await expect(paths.insert(route('/c'), 2)).rejects.toMatchObject({ code: 'conflict' });
    await paths.remove(ann.id, 'ra');
    await expect(paths.insert(route('/c'), 2)).rejects.toMatchObject({ code: 'conflict' });
    await paths.insert(route('/b/more'), 2);
  });

  test('only the account changes it; it goes with its device, the segment with the account', async () => {
    const { stores, paths, ann, bob, shed, route, bobs } = await setUp();
    await expect(paths.insert(route('/x', { deviceId: bobs.deviceId }), 9)).rejects.toMatchObject({
      code: 'not_found',
    });
    await paths.insert(route('/zumi01'), 9);
    expect(await paths.setStrip(bob.id, 'rzumi01', true)).toBe(false);
    expect(await paths.setStrip(ann.id, 'rzumi01', true)).toBe(true);
    expect(await paths.byId(ann.id, 'rzumi01')).toMatchObject({ strip: true });
    await stores.devices.remove(ann.id, shed.id);
    expect(await paths.all()).toEqual([]);
    await expect(paths.insert(route('/zumi01', bobs), 9)).rejects.toMatchObject({ code: 'name_taken' });
    await stores.accounts.remove(ann.id);
    await paths.insert(route('/zumi01', bobs), 9);
  });
}
