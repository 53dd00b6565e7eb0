import { expect, test } from 'vitest';
import { makeAccount, makeDevice, NOW, type Open } from './contract-fixtures.ts';

export function deviceFactsContract(open: Open): void {
  test('writes what is there, leaves what is absent, adds bytes up', async () => {
    const stores = await open();
    const { id: ann } = await makeAccount(stores, 'ann');
    const { id } = await makeDevice(stores, ann, 'shed');
    await makeDevice(stores, ann, 'barn');
    await stores.devices.record(
      [
        { deviceId: id, lastUpAt: NOW, lastAddress: '192.0.2.1', agent: '1.0\0', bytesIn: 1, bytesOut: 2 },
        { deviceId: 'gone', lastUpAt: NOW },
        { deviceId: id, lastDownAt: NOW + 1, lastDownReason: 'timeout', bytesIn: 5e12 },
      ],
      [],
    );
    await stores.devices.record([{ deviceId: id, lastUpAt: NOW + 2, bytesIn: 1 }], []);
    expect(await stores.devices.byId(ann, id)).toMatchObject({
      lastUpAt: NOW + 2,
      lastDownAt: NOW + 1,
      lastDownReason: 'timeout',
      lastAddress: '192.0.2.1',
      agent: '1.0',
      bytesIn: 5e12 + 2,
      bytesOut: 2,
    });
    expect(await stores.devices.byName('barn')).toMatchObject({ lastUpAt: undefined, bytesIn: 0 });
  });

  test('keeps when devices call home, and finds those that have since a time', async () => {
    const stores = await open();
    const { id: ann } = await makeAccount(stores, 'ann');
    const { id: bob } = await makeAccount(stores, 'bob');
    const { id: shed } = await makeDevice(stores, ann, 'shed');
    const { id: barn } = await makeDevice(stores, bob, 'barn');
    await makeDevice(stores, ann, 'never');
    await stores.devices.record(
      [
        { deviceId: shed, calledAt: NOW, callIntervalLearned: 60 },
        { deviceId: shed, calledAt: NOW + 60_000 },
        { deviceId: barn, calledAt: NOW },
      ],
      [],
    );
    const since = async (at: number) => (await stores.devices.calledSince(at)).map(({ name }) => name).sort();
    expect([await since(NOW), await since(NOW + 1), await since(NOW + 60_001)]).toEqual([
      ['barn', 'shed'],
      ['shed'],
      [],
    ]);
    expect((await stores.devices.calledSince(NOW + 1))[0]).toMatchObject({
      calledAt: NOW + 60_000,
      callIntervalLearned: 60,
      callIntervalSet: undefined,
    });
  });

  test('writes the results of services that are known', async () => {
    const stores = await open();
    const { id: ann } = await makeAccount(stores, 'ann');
    const { id } = await makeDevice(stores, ann, 'shed');
    await stores.devices.addServices(id, [
      { name: 'web', kind: 'http' },
      { name: 'ssh', kind: 'tcp' },
    ]);
    await stores.devices.record(
      [],
      [
        { deviceId: id, service: 'web', lastSuccessAt: NOW },
        { deviceId: id, service: 'web', lastFailureAt: NOW + 1, lastFailure: 'refused\0\ud800' },
        { deviceId: id, service: 'unknown', lastSuccessAt: NOW },
        { deviceId: 'gone', service: 'web', lastSuccessAt: NOW },
      ],
    );
    expect((await stores.devices.byId(ann, id))?.services).toMatchObject([
      { name: 'ssh', lastSuccessAt: undefined },
      { name: 'web', lastSuccessAt: NOW, lastFailureAt: NOW + 1, lastFailure: 'refused\ufffd' },
    ]);
  });

  test('takes a batch of two thousand devices', async () => {
    const stores = await open();
    const { id: ann } = await makeAccount(stores, 'ann');
    for (let n = 0; n < 3; n++) await makeDevice(stores, ann, `d${n}`);
    const ids = Array.from({ length: 2000 }, (_, n) => `deviced${n}`);
    await stores.devices.record(
      ids.map((deviceId) => ({ deviceId, lastUpAt: NOW, bytesIn: 1, lastDownReason: 'r'.repeat(100) })),
      ids.map((deviceId) => ({ deviceId, service: 'web', lastSuccessAt: NOW })),
    );
    await stores.devices.record([], []);
    expect(await stores.devices.list(ann, { limit: 10 })).toMatchObject(
      [0, 1, 2].map((n) => ({ id: `deviced${n}`, lastUpAt: NOW, bytesIn: 1 })),
    );
  });

  test('two relays record the same devices at once, in any order', async () => {
    const stores = await open();
    const other = await open();
    const { id: ann } = await makeAccount(stores, 'ann');
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) ids.push((await makeDevice(stores, ann, `d${n}`)).id);
    const facts = ids.map((deviceId) => ({ deviceId, bytesIn: 1 }));
    const reversed = [...facts].reverse();
    await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        n % 2 ? stores.devices.record(facts, []) : other.devices.record(reversed, []),
      ),
    );
    const devices = await stores.devices.list(ann, { limit: 100 });
    expect(devices.map(({ bytesIn }) => bytesIn)).toEqual(ids.map(() => 10));
  });

  test('removal at the same time fails nothing', async () => {
    const stores = await open();
    const { id: ann } = await makeAccount(stores, 'ann');
    const ids: string[] = [];
    for (let n = 0; n < 10; n++) ids.push((await makeDevice(stores, ann, `d${n}`)).id);
    await Promise.all([
      ...ids.map((id) => stores.devices.remove(ann, id)),
      ...ids.map((id) => stores.devices.addServices(id, [{ name: 'web', kind: 'http' }])),
      ...ids.map(() =>
        stores.devices.record(
          ids.map((deviceId) => ({ deviceId, bytesIn: 1 })),
          [],
        ),
      ),
      ...ids.map(() =>
        stores.health.record(
          ids.map((deviceId) => ({ deviceId, at: NOW, state: 'up' })),
          ids.map((deviceId) => ({ deviceId, at: NOW, rtt: 1, bytesIn: 1, bytesOut: 1 })),
        ),
      ),
    ]);
    expect(await stores.devices.count(ann)).toBe(0);
  });
}
