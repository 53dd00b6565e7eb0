import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NewAuditEntry } from '../../audit/index.ts';
import { createEventBus, type RelayEvent } from '../../events.ts';
import { openStores, type Stores } from '../../storage/index.ts';
import { type PathRouteChanger, PathRoutes } from './path-routes.ts';

const ann: PathRouteChanger = { accountId: 'a1', accountName: 'ann', role: 'admin', address: '192.0.2.1' };
const web = { deviceId: 'd1', service: 'web', strip: false };

let stores: Stores;
let written: NewAuditEntry[];
let told: RelayEvent[];
const clock = new FakeClock();

beforeEach(async () => {
  [written, told] = [[], []];
  stores = await openStores({ kind: 'sqlite', file: ':memory:' });
  await stores.accounts.insert({ id: 'a1', name: 'ann', role: 'admin', passwordHash: '', createdAt: 0 });
  const keys = { fingerprint: 'SHA256:x', publicKey: 'ssh-ed25519 x' };
  await stores.devices.insert({ id: 'd1', accountId: 'a1', name: 'robot', tags: [], ...keys, createdAt: 0 });
  await stores.devices.addServices('d1', [
    { name: 'web', kind: 'http' },
    { name: 'ssh', kind: 'tcp' },
  ]);
});
afterEach(() => stores.close());

function routes(change: { perAccount?: number; served?: boolean; forMembers?: boolean } = {}): PathRoutes {
  const events = createEventBus((error) => {
    throw error;
  });
  events.subscribe((event) => told.push(event));
  const audit = { append: (entry: NewAuditEntry) => void written.push(entry) };
  const parts = { store: stores.pathRoutes, devices: stores.devices, audit, events, clock };
  return new PathRoutes({ ...parts, perAccount: 9, served: true, forMembers: false, ...change });
}

it('writes who did what to the audit, and tells of the device', async () => {
  const paths = routes();
  const { id } = await paths.add(ann, { ...web, prefix: '/zumi01' });
  await paths.setStrip(ann, id, true);
  await paths.setStrip(ann, id, true);
  await paths.remove(ann, id);
  expect(written.map(({ action, actor, target, detail }) => [action, actor, target, detail])).toEqual([
    ['path-route.added', 'ann', 'web of robot', { prefix: '/zumi01', path: 'unchanged' }],
    ['path-route.changed', 'ann', 'web of robot', { prefix: '/zumi01', path: 'prefix removed' }],
    ['path-route.removed', 'ann', 'web of robot', { prefix: '/zumi01', path: 'prefix removed' }],
  ]);
  const changed = { type: 'device-changed', accountId: 'a1', deviceId: 'd1' };
  expect(told).toEqual([changed, changed, changed]);
});

it.each([
  ['bad_request', { prefix: 'zumi01' }, {}, 'admin'],
  ['bad_request', { prefix: '/api' }, {}, 'admin'],
  ['bad_request', { prefix: '/API/x' }, {}, 'admin'],
  ['bad_request', { prefix: '/x', service: 'ssh' }, {}, 'admin'],
  ['bad_request', { prefix: '/x' }, { served: false }, 'admin'],
  ['not_found', { prefix: '/x', service: 'none' }, {}, 'admin'],
  ['not_found', { prefix: '/x', deviceId: 'other' }, {}, 'admin'],
  ['conflict', { prefix: '/x' }, { perAccount: 0 }, 'admin'],
  ['forbidden', { prefix: '/x' }, {}, 'member'],
] as const)('refuses with %s: %j on a relay with %j, as %s', async (code, wish, relay, role) => {
  const refused = routes(relay).add({ ...ann, role }, { ...web, ...wish });
  await expect(refused).rejects.toMatchObject({ code });
  expect([written, await stores.pathRoutes.all()]).toEqual([[], []]);
});

it('members may where the owner lets them', async () => {
  await routes({ forMembers: true }).add({ ...ann, role: 'member' }, { ...web, prefix: '/x' });
  expect(await stores.pathRoutes.all()).toHaveLength(1);
});
