import { expect, test } from 'vitest';
import {
  makeAccount,
  makeDevice,
  NOW,
  newEnrolmentToken,
  newSession,
  type Open,
} from './contract-fixtures.ts';
import { StorageError } from './storage-error.ts';

export function storesContract(open: Open): void {
  test('everything is there again after a restart', async () => {
    const before = await open();
    const ann = await makeAccount(before, 'ann');
    const { id } = await makeDevice(before, ann.id, 'shed', { tags: ['x'] });
    await before.devices.rename(ann.id, id, 'barn');
    await before.devices.addServices(id, [{ name: 'web', kind: 'http' }]);
    await before.devices.record([{ deviceId: id, lastUpAt: NOW, bytesIn: 7 }], []);
    await before.sessions.insert(newSession(ann.id, 's1'));
    await before.enrolmentTokens.insert(newEnrolmentToken(ann.id, 't1'));
    await before.health.record([{ deviceId: id, at: NOW, state: 'up' }], []);
    await before.audit.append([{ accountId: ann.id, at: NOW, actor: 'ann', action: 'device.joined' }]);
    await before.secrets.set('host-key', 'one');
    const device = await before.devices.byName('shed');
    await before.close();

    const after = await open();
    expect(await after.accounts.byName('ann')).toEqual(ann);
    expect(await after.devices.byName('shed')).toEqual(device);
    expect(await after.sessions.byTokenHash('hashs1', NOW)).toEqual(newSession(ann.id, 's1'));
    expect(await after.enrolmentTokens.list(ann.id)).toEqual([newEnrolmentToken(ann.id, 't1')]);
    expect(await after.health.events(id, NOW, NOW + 1)).toHaveLength(1);
    expect(await after.audit.list(ann.id, { withRelay: false, limit: 9 })).toHaveLength(1);
    expect(await after.secrets.get('host-key')).toBe('one');
  });

  test('closing waits for what is under way, refuses what comes after, and may be repeated', async () => {
    const stores = await open();
    const underWay = Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        stores.accounts.insert({
          id: `a${n}`,
          name: `a${n}`,
          role: 'member',
          passwordHash: '',
          createdAt: 0,
        }),
      ),
    );
    const closed = stores.close();
    expect(stores.close()).toBe(closed);
    await expect(stores.accounts.count()).rejects.toThrow(StorageError);
    await closed;
    await underWay;
    expect(await (await open()).accounts.count()).toBe(20);
  });

  test('several relays may start on an empty database at the same time', async () => {
    const [first, , , last] = await Promise.all([open(), open(), open(), open()]);
    await makeAccount(first, 'ann');
    expect(await last.accounts.count()).toBe(1);
  });
}
