import { expect, test } from 'vitest';
import type { MqttCredentialRecord } from '../mqtt/index.ts';
import { makeAccount, makeDevice, NOW, type Open } from './contract-fixtures.ts';

export function mqttCredentialStoreContract(open: Open): void {
  const credential = (accountId: string, id: string, change: Partial<MqttCredentialRecord> = {}) => ({
    id,
    accountId,
    kind: 'app' as const,
    deviceId: undefined,
    name: 'a program',
    secretHash: `hash${id}`,
    createdAt: NOW,
    lastUsedAt: undefined,
    ...change,
  });

  test('are found by hash, listed newest first, and removed by their own account only', async () => {
    const stores = await open();
    const [ann, bob] = [await makeAccount(stores, 'ann'), await makeAccount(stores, 'bob')];
    const shed = await makeDevice(stores, ann.id, 'shed');
    const all = [
      credential(ann.id, 'c1'),
      credential(ann.id, 'c2', { createdAt: NOW + 1, deviceId: shed.id }),
      credential(ann.id, 'c3', { kind: 'device', deviceId: shed.id }),
    ];
    for (const one of all) await stores.mqttCredentials.insert(one);
    await stores.mqttCredentials.used('c1', NOW + 7);
    const [c1, c2, c3] = all;
    expect(await stores.mqttCredentials.bySecretHash('hashc3')).toEqual(c3);
    expect(await stores.mqttCredentials.appPasswords(ann.id)).toEqual([c2, { ...c1, lastUsedAt: NOW + 7 }]);
    expect(await stores.mqttCredentials.ofDevice(ann.id, shed.id)).toEqual([c3]);
    expect(await stores.mqttCredentials.ofDevice(bob.id, shed.id)).toEqual([]);
    expect(await stores.mqttCredentials.ofAccount(ann.id)).toEqual([c2, { ...c1, lastUsedAt: NOW + 7 }, c3]);
    expect(await stores.mqttCredentials.ofAccount(bob.id)).toEqual([]);
    const unknown = Array.from({ length: 1_200 }, (_, n) => `u${n}`);
    expect(await stores.mqttCredentials.standing(['c1', ...unknown, 'c3'])).toEqual(new Set(['c1', 'c3']));
    expect(await stores.mqttCredentials.standing([])).toEqual(new Set());
    expect(await stores.mqttCredentials.remove(bob.id, 'c3')).toBeUndefined();
    expect(await stores.mqttCredentials.remove(ann.id, 'c3')).toEqual(c3);
    expect(await stores.mqttCredentials.bySecretHash('hashc3')).toBeUndefined();
  });

  test('go with their device, and with their account', async () => {
    const stores = await open();
    const ann = await makeAccount(stores, 'ann');
    const shed = await makeDevice(stores, ann.id, 'shed');
    await stores.mqttCredentials.insert(credential(ann.id, 'c1', { kind: 'device', deviceId: shed.id }));
    await stores.mqttCredentials.insert(credential(ann.id, 'c2'));
    await stores.devices.remove(ann.id, shed.id);
    expect(await stores.mqttCredentials.bySecretHash('hashc1')).toBeUndefined();
    await stores.accounts.remove(ann.id);
    expect(await stores.mqttCredentials.bySecretHash('hashc2')).toBeUndefined();
  });
}
