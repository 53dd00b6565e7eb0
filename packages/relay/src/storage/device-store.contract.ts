import { expect, test } from 'vitest';
import { makeAccount, makeDevice, NOW, newDevice, type Open } from './contract-fixtures.ts';

export function deviceStoreContract(open: Open): void {
  async function openWithAccounts() {
    const stores = await open();
    const [ann, bob] = [await makeAccount(stores, 'ann'), await makeAccount(stores, 'bob')];
    return { stores, devices: stores.devices, ann: ann.id, bob: bob.id };
  }

  test('gives a device back by key, by name, and to its account by id', async () => {
    const { devices, ann, bob } = await openWithAccounts();
    const device = newDevice(ann, 'shed', { tags: ['south', 'Öl', 'south'] });
    await devices.insert(device);
    const kept = {
      ...device,
      formerNames: [],
      tags: ['south', 'Öl'],
      lastUpAt: undefined,
      lastDownAt: undefined,
      lastDownReason: undefined,
      lastAddress: undefined,
      agent: undefined,
      blockedAt: undefined,
      calledAt: undefined,
      callIntervalSet: undefined,
      callIntervalLearned: undefined,
      bytesIn: 0,
      bytesOut: 0,
      services: [],
    };
    expect(await devices.byFingerprint('SHA256:shed')).toEqual(kept);
    expect(await devices.byName('shed')).toEqual(kept);
    expect(await devices.byId(ann, device.id)).toEqual(kept);
    expect(await devices.byId(bob, device.id)).toBeUndefined();
    expect(await devices.byFingerprint('sha256:shed')).toBeUndefined();
    expect(await devices.byName('SHED')).toBeUndefined();
  });

  test('refuses a name and a key that are there already, of any account', async () => {
    const { devices, ann, bob } = await openWithAccounts();
    await devices.insert(newDevice(ann, 'shed'));
    for (const account of [ann, bob]) {
      const name = newDevice(account, 'shed', { id: 'other', fingerprint: 'SHA256:other' });
      await expect(devices.insert(name)).rejects.toMatchObject({ code: 'name_taken' });
      const key = newDevice(account, 'other', { fingerprint: 'SHA256:shed' });
      await expect(devices.insert(key)).rejects.toMatchObject({ code: 'conflict' });
    }
    expect(await devices.byFingerprint('SHA256:other')).toBeUndefined();
    expect(await devices.byName('other')).toBeUndefined();
    expect(await devices.count(bob)).toBe(0);
  });

  test('refuses a device of an account that is gone', async () => {
    const { devices } = await openWithAccounts();
    await expect(devices.insert(newDevice('nobody', 'shed'))).rejects.toMatchObject({ code: 'not_found' });
    expect(await devices.byName('shed')).toBeUndefined();
  });

  test('of racing inserts of one name by two accounts, one wins and the others leave nothing', async () => {
    const { devices, ann, bob } = await openWithAccounts();
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) =>
        devices.insert(
          newDevice(n % 2 ? ann : bob, 'shed', { id: `d${n}`, fingerprint: `SHA256:${n}`, tags: ['x'] }),
        ),
      ),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(7);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'name_taken' });
    expect((await devices.count(ann)) + (await devices.count(bob))).toBe(1);
  });

  test('keeps the names of a removed device for its account', async () => {
    const { devices, ann, bob } = await openWithAccounts();
    await devices.insert(newDevice(ann, 'shed'));
    expect(await devices.rename(ann, 'deviceshed', 'barn')).toBe(true);
    expect(await devices.remove(bob, 'deviceshed')).toBe(false);
    expect(await devices.remove(ann, 'deviceshed')).toBe(true);
    expect(await devices.remove(ann, 'deviceshed')).toBe(false);
    expect(await devices.byName('barn')).toBeUndefined();
    for (const name of ['shed', 'barn']) {
      await expect(devices.insert(newDevice(bob, name))).rejects.toMatchObject({ code: 'name_taken' });
      await devices.insert(newDevice(ann, name));
    }
    expect(await devices.byName('barn')).toMatchObject({ id: 'devicebarn', formerNames: [] });
  });

  test('is found by its former names, and can have one back', async () => {
    const { devices, stores, ann, bob } = await openWithAccounts();
    const { id } = await makeDevice(stores, ann, 'shed');
    await makeDevice(stores, ann, 'garage');
    await makeDevice(stores, bob, 'attic');
    expect(await devices.rename(ann, id, 'barn')).toBe(true);
    expect(await devices.rename(ann, id, 'barn')).toBe(true);
    expect(await devices.byName('shed')).toMatchObject({ id, name: 'barn', formerNames: ['shed'] });
    for (const taken of ['garage', 'attic']) {
      await expect(devices.rename(ann, id, taken)).rejects.toMatchObject({ code: 'name_taken' });
    }
    await expect(devices.insert(newDevice(ann, 'shed', { fingerprint: 'x', id: 'x' }))).rejects.toMatchObject(
      {
        code: 'name_taken',
      },
    );
    expect(await devices.byId(ann, id)).toMatchObject({ name: 'barn', formerNames: ['shed'] });
    expect(await devices.rename(bob, id, 'cellar')).toBe(false);
    expect(await devices.byName('cellar')).toBeUndefined();
    expect(await devices.rename(ann, id, 'shed')).toBe(true);
    expect(await devices.byId(ann, id)).toMatchObject({ name: 'shed', formerNames: ['barn'] });
  });

  test('of two devices renamed to one name at once, one gets it', async () => {
    const { devices, stores, ann, bob } = await openWithAccounts();
    const one = await makeDevice(stores, ann, 'one');
    const two = await makeDevice(stores, bob, 'two');
    const results = await Promise.allSettled([
      devices.rename(ann, one.id, 'shed'),
      devices.rename(bob, two.id, 'shed'),
    ]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const names = [await devices.byId(ann, one.id), await devices.byId(bob, two.id)].map((d) => d?.name);
    expect(names.filter((name) => name === 'shed')).toHaveLength(1);
  });

  test('lists one account’s devices in order of name, page after page', async () => {
    const { devices, stores, ann, bob } = await openWithAccounts();
    for (const name of ['b1', 'a-2', 'a1', 'c']) await makeDevice(stores, ann, name);
    await makeDevice(stores, bob, 'a0');
    const first = await devices.list(ann, { limit: 2 });
    expect(first.map(({ name }) => name)).toEqual(['a-2', 'a1']);
    const second = await devices.list(ann, { limit: 10, afterName: 'a1' });
    expect(second.map(({ name }) => name)).toEqual(['b1', 'c']);
    expect(await devices.list('', { limit: 10 })).toEqual([]);
    expect([await devices.count(ann), await devices.count(bob)]).toEqual([4, 1]);
  });

  test('searches in names and tags, and takes wildcards literally', async () => {
    const { devices, stores, ann, bob } = await openWithAccounts();
    await makeDevice(stores, ann, 'shed-1', { tags: ['50%', 'Solar'] });
    await makeDevice(stores, ann, 'barn', { tags: ['a_b', '\\'] });
    await makeDevice(stores, bob, 'shed-2', { tags: ['solar'] });
    const found = async (search: string) =>
      (await devices.list(ann, { limit: 9, search })).map(({ name }) => name).join();
    expect(await found('SHED')).toBe('shed-1');
    expect(await found('sol')).toBe('shed-1');
    expect(await found('%')).toBe('shed-1');
    expect(await found('_')).toBe('barn');
    expect(await found('\\')).toBe('barn');
    expect(await found("'\0")).toBe('');
    expect(await found('')).toBe('barn,shed-1');
    const tagged = async (tag: string) =>
      (await devices.list(ann, { limit: 9, tag })).map(({ name }) => name).join();
    expect(await tagged('Solar')).toBe('shed-1');
    expect(await tagged('Sol')).toBe('');
  });

  test('changes tags of its own account’s devices only', async () => {
    const { devices, stores, ann, bob } = await openWithAccounts();
    const { id } = await makeDevice(stores, ann, 'shed', { tags: ['x'] });
    expect(await devices.setTags(bob, id, ['mine'])).toBe(false);
    expect(await devices.setTags(ann, 'nothing', ['mine'])).toBe(false);
    expect((await devices.byId(ann, id))?.tags).toEqual(['x']);
    const sets = [['z', 'a'], ['b'], []];
    await Promise.all([...sets, ...sets].map((tags) => devices.setTags(ann, id, tags)));
    await devices.setTags(ann, id, ['z', 'a']);
    expect((await devices.byId(ann, id))?.tags).toEqual(['z', 'a']);
  });

  test('remembers services without touching the access a person has set', async () => {
    const { devices, stores, ann } = await openWithAccounts();
    const { id } = await makeDevice(stores, ann, 'shed');
    await devices.addServices(id, [
      { name: 'web', kind: 'tcp' },
      { name: 'ssh', kind: 'tcp' },
    ]);
    expect(await stores.services.setAccess(ann, id, 'web', 'public')).toBe(true);
    await devices.addServices(id, [{ name: 'web', kind: 'http' }]);
    await devices.addServices(id, []);
    await devices.addServices('gone', [{ name: 'web', kind: 'http' }]);
    const unset = {
      users: [],
      kindSet: false,
      passthrough: false,
      keepLastAnswers: false,
      hueRemote: false,
      paths: [],
      lastSuccessAt: undefined,
      lastFailureAt: undefined,
      lastFailure: undefined,
    };
    expect((await devices.byId(ann, id))?.services).toEqual([
      { name: 'ssh', kind: 'tcp', access: 'login', ...unset },
      { name: 'web', kind: 'http', access: 'public', ...unset },
    ]);
  });

  test('changes what a person sets, of its own account’s devices only', async () => {
    const { devices, stores, ann, bob } = await openWithAccounts();
    const { id } = await makeDevice(stores, ann, 'shed');
    expect(await devices.change(bob, id, { blockedAt: NOW })).toBe(false);
    expect(await devices.change(ann, 'nothing', { blockedAt: NOW })).toBe(false);
    expect(await devices.change(ann, id, { blockedAt: NOW })).toBe(true);
    expect(await devices.change(ann, id, { callIntervalSet: 60 })).toBe(true);
    expect(await devices.change(ann, id, {})).toBe(true);
    expect(await devices.byId(ann, id)).toMatchObject({ blockedAt: NOW, callIntervalSet: 60 });
    expect(await devices.change(ann, id, { blockedAt: null, callIntervalSet: null })).toBe(true);
    expect(await devices.byId(ann, id)).toMatchObject({ blockedAt: undefined, callIntervalSet: undefined });
  });

  test('a device that announces ever new services fills nothing', async () => {
    const { devices, stores, ann } = await openWithAccounts();
    const { id } = await makeDevice(stores, ann, 'shed');
    await devices.addServices(id, [{ name: 'set', kind: 'http' }]);
    await stores.services.setAccess(ann, id, 'set', 'public');
    for (let round = 0; round < 6; round++) {
      const names = Array.from({ length: 64 }, (_, n) => ({ name: `s${round}-${n}`, kind: 'http' as const }));
      await devices.addServices(id, names);
    }
    const names = (await devices.byId(ann, id))?.services.map(({ name }) => name) ?? [];
    expect(names).toHaveLength(256);
    expect(names).toContain('set');
    expect(names.filter((name) => name.startsWith('s5-'))).toHaveLength(64);
  });

  test('keeps instants of this age', async () => {
    const { devices, stores, ann } = await openWithAccounts();
    await makeDevice(stores, ann, 'shed');
    expect((await devices.byName('shed'))?.createdAt).toBe(NOW);
  });

  test('which devices are still there, and which are blocked, is asked for all accounts at once', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    const bob = await makeAccount(stores, 'bob');
    const [shed, barn, gone] = await Promise.all([
      makeDevice(stores, ann.id, 'shed'),
      makeDevice(stores, bob.id, 'barn'),
      makeDevice(stores, bob.id, 'gone'),
    ]);
    await stores.devices.change(bob.id, barn.id, { blockedAt: NOW });
    await stores.devices.remove(bob.id, gone.id);
    const many = Array.from({ length: 1_200 }, (_, n) => `none${n}`);
    expect(await stores.devices.standing([shed.id, ...many, barn.id, gone.id])).toEqual(
      new Map([
        [shed.id, 'in'],
        [barn.id, 'blocked'],
      ]),
    );
    expect(await stores.devices.standing([])).toEqual(new Map());
  });
}
