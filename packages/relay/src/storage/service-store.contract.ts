import { expect, test } from 'vitest';
import { SERVICE_USERS_MAX } from '../devices/index.ts';
import { makeAccount, makeDevice, NOW, type Open } from './contract-fixtures.ts';

export function serviceStoreContract(open: Open): void {
  /** A device of ann's with the services `web` and `ssh`, and one of bob's with `web`. */
  async function openWithServices() {
    const stores = await open();
    const [ann, bob] = [(await makeAccount(stores, 'ann')).id, (await makeAccount(stores, 'bob')).id];
    const [shed, barn] = [await makeDevice(stores, ann, 'shed'), await makeDevice(stores, bob, 'barn')];
    await stores.devices.addServices(shed.id, [
      { name: 'web', kind: 'http' },
      { name: 'ssh', kind: 'tcp' },
    ]);
    await stores.devices.addServices(barn.id, [{ name: 'web', kind: 'http' }]);
    const serviceOf = async (name: string) =>
      (await stores.devices.byId(ann, shed.id))?.services.find((service) => service.name === name);
    return { stores, services: stores.services, ann, bob, id: shed.id, barn: barn.id, serviceOf };
  }

  test('changes services of its own account only, and says when there is none', async () => {
    const { services, stores, ann, bob, id, barn, serviceOf } = await openWithServices();
    const before = await serviceOf('web');
    const user = { name: 'u', passwordHash: '$h' };
    for (const [account, device, service] of [
      [bob, id, 'web'],
      [ann, barn, 'web'],
      [ann, 'nothing', 'web'],
      [ann, id, 'none'],
    ] as const) {
      expect(await services.setAccess(account, device, service, 'public')).toBe(false);
      expect(await services.setKind(account, device, service, 'tcp')).toBe(false);
      expect(await services.setPassthrough(account, device, service, true)).toBe(false);
      expect(await services.setKeepLastAnswers(account, device, service, true)).toBe(false);
      expect(await services.setHueRemote(account, device, service, true)).toBe(false);
      expect(await services.setUser(account, device, service, user)).toBe(false);
      expect(await services.removeUser(account, device, service, 'u')).toBe(false);
      expect(await services.remove(account, device, service)).toBe(false);
    }
    expect(await serviceOf('web')).toEqual(before);
    expect((await stores.devices.byId(bob, barn))?.services).toEqual([before]);
  });

  test('keeps access mode, kind and passthrough', async () => {
    const { services, ann, id, serviceOf } = await openWithServices();
    expect(await services.setAccess(ann, id, 'web', 'token')).toBe(true);
    expect(await services.setPassthrough(ann, id, 'web', true)).toBe(true);
    expect(await serviceOf('web')).toMatchObject({ access: 'token', passthrough: true, kindSet: false });
    expect(await services.setPassthrough(ann, id, 'web', false)).toBe(true);
    expect(await serviceOf('web')).toMatchObject({ access: 'token', passthrough: false });
    expect(await serviceOf('ssh')).toMatchObject({ access: 'login', passthrough: false });
    expect(await services.setKeepLastAnswers(ann, id, 'web', true)).toBe(true);
    expect(await serviceOf('web')).toMatchObject({ keepLastAnswers: true });
    expect(await serviceOf('ssh')).toMatchObject({ keepLastAnswers: false });
    expect(await services.setHueRemote(ann, id, 'web', true)).toBe(true);
    expect(await serviceOf('web')).toMatchObject({ hueRemote: true });
    expect(await serviceOf('ssh')).toMatchObject({ hueRemote: false });
    const [bridge] = await services.hueBridges(ann);
    expect(bridge).toEqual({ deviceId: id, deviceName: expect.any(String), service: 'web' });
    expect(await services.hueBridges('nobody')).toEqual([]);
    await services.setHueRemote(ann, id, 'web', false);
    expect(await services.hueBridges(ann)).toEqual([]);
    expect(await serviceOf('web')).toMatchObject({ hueRemote: false });
  });

  test('lists the tcp services that TLS is passed on to, with every name of their device', async () => {
    const { services, stores, ann, id } = await openWithServices();
    await services.setPassthrough(ann, id, 'web', true);
    expect(await services.passthroughs()).toEqual([]);
    await services.setPassthrough(ann, id, 'ssh', true);
    await stores.devices.rename(ann, id, 'hut');
    const [found, ...more] = await services.passthroughs();
    expect(more).toEqual([]);
    expect({ ...found, names: [...(found?.names ?? [])].sort() }).toEqual({
      ...{ deviceId: id, accountId: ann, deviceName: 'hut', names: ['hut', 'shed'], service: 'ssh' },
    });
    expect(await services.passthroughs(id)).toHaveLength(1);
    expect(await services.passthroughs('nothing')).toEqual([]);
  });

  test('what a device announces does not change a kind that a person has set, until it is given back', async () => {
    const { services, stores, ann, id, serviceOf } = await openWithServices();
    expect(await services.setKind(ann, id, 'web', 'tcp')).toBe(true);
    await stores.devices.addServices(id, [
      { name: 'web', kind: 'http' },
      { name: 'ssh', kind: 'http' },
    ]);
    expect(await serviceOf('web')).toMatchObject({ kind: 'tcp', kindSet: true });
    expect(await serviceOf('ssh')).toMatchObject({ kind: 'http', kindSet: false });
    expect(await services.setKind(ann, id, 'web', 'auto')).toBe(true);
    expect(await serviceOf('web')).toMatchObject({ kind: 'tcp', kindSet: false });
    await stores.devices.addServices(id, [{ name: 'web', kind: 'http' }]);
    expect(await serviceOf('web')).toMatchObject({ kind: 'http', kindSet: false });
  });

  test('a service has several users, each name once, and keeps them whatever its mode', async () => {
    const { services, ann, id, serviceOf } = await openWithServices();
    for (const [name, passwordHash] of [
      ['zoe', '$z'],
      ['Ann', '$1'],
      ['Ann', '$2'],
    ] as const) {
      expect(await services.setUser(ann, id, 'web', { name, passwordHash })).toBe(true);
    }
    await services.setAccess(ann, id, 'web', 'basic');
    await services.setAccess(ann, id, 'web', 'public');
    expect((await serviceOf('web'))?.users).toEqual([
      { name: 'Ann', passwordHash: '$2' },
      { name: 'zoe', passwordHash: '$z' },
    ]);
    expect((await serviceOf('ssh'))?.users).toEqual([]);
    expect(await services.removeUser(ann, id, 'web', 'Ann')).toBe(true);
    expect(await services.removeUser(ann, id, 'web', 'Ann')).toBe(false);
    expect((await serviceOf('web'))?.users).toEqual([{ name: 'zoe', passwordHash: '$z' }]);
  });

  test('users have a limit, also when they are added at once', async () => {
    const { services, ann, id, serviceOf } = await openWithServices();
    const results = await Promise.allSettled(
      Array.from({ length: SERVICE_USERS_MAX + 4 }, (_, n) =>
        services.setUser(ann, id, 'web', { name: `u${n}`, passwordHash: '$h' }),
      ),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(4);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'conflict' });
    const users = (await serviceOf('web'))?.users ?? [];
    expect(users).toHaveLength(SERVICE_USERS_MAX);
    const again = { name: users[0]?.name ?? '', passwordHash: '$new' };
    expect(await services.setUser(ann, id, 'web', again)).toBe(true);
  });

  test('with a service its users go', async () => {
    const { services, stores, ann, id, serviceOf } = await openWithServices();
    await services.setUser(ann, id, 'web', { name: 'u', passwordHash: '$h' });
    expect(await services.remove(ann, id, 'web')).toBe(true);
    expect(await services.remove(ann, id, 'web')).toBe(false);
    await stores.devices.addServices(id, [{ name: 'web', kind: 'http' }]);
    expect((await serviceOf('web'))?.users).toEqual([]);
  });

  test('what a person has set is not pushed out by ever new services', async () => {
    const { services, stores, ann, id, serviceOf } = await openWithServices();
    await services.setKind(ann, id, 'web', 'tcp');
    await services.setPassthrough(ann, id, 'ssh', true);
    await stores.devices.record([], [{ deviceId: id, service: 'web', lastSuccessAt: NOW }]);
    for (let round = 0; round < 5; round++) {
      const names = Array.from({ length: 64 }, (_, n) => ({ name: `s${round}-${n}`, kind: 'http' as const }));
      await stores.devices.addServices(id, names);
    }
    expect(await serviceOf('web')).toMatchObject({ kindSet: true });
    expect(await serviceOf('ssh')).toMatchObject({ passthrough: true });
  });
}
