import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStores, type Stores } from '../storage/index.ts';
import { createRig, PASSWORD, type Rig } from './api-rig.ts';

let stores: Stores;
let clock: FakeClock;
let rig: Rig;

beforeEach(async () => {
  stores = await openStores({ kind: 'sqlite', file: ':memory:' });
  clock = new FakeClock();
  rig = await createRig({ stores, clock });
});
afterEach(async () => {
  await rig.close();
  await stores.close();
  expect(rig.errors).toEqual([]);
});

const linkUp = { up: true, since: 1, rtt: 12, paused: false, transport: 'ssh' } as const;

test('lists in pages, searches, and shows what is live', async () => {
  for (let n = 0; n < 7; n += 1) await rig.addDevice('bob', `box-${n}`);
  const last = await rig.addDevice('bob', 'zumi');
  rig.links.up.set(last, { state: linkUp, services: [{ name: 'web', kind: 'http' }] });
  const first = (await rig.call('bob', 'GET', '/api/devices?limit=5')).json();
  expect(first.items.map((one: { name: string }) => one.name)).toEqual([
    'box-0',
    'box-1',
    'box-2',
    'box-3',
    'box-4',
  ]);
  const second = (await rig.call('bob', 'GET', `/api/devices?limit=5&cursor=${first.next}`)).json();
  expect(second.next).toBeUndefined();
  expect(second.items).toHaveLength(3);
  expect(second.items[2]).toMatchObject({
    name: 'zumi',
    link: linkUp,
    bytesIn: 10,
    bytesOut: 20,
    services: [
      { name: 'ssh', kind: 'tcp', access: 'login', offered: false },
      { name: 'web', kind: 'http', access: 'login', offered: true, url: 'https://web--zumi.relay.example/' },
    ],
  });
  expect((await rig.call('bob', 'GET', '/api/devices?search=umi')).json().items).toHaveLength(1);
  expect((await rig.call('eve', 'GET', '/api/devices')).json()).toEqual({ items: [] });
});

test('renames: the former name goes on, a taken one is refused', async () => {
  const id = await rig.addDevice('bob', 'old');
  await rig.addDevice('eve', 'taken');
  const renamed = await rig.call('bob', 'PATCH', `/api/devices/${id}`, {
    name: 'New',
    tags: ['a', 'a', 'b'],
  });
  expect(renamed.json()).toMatchObject({ name: 'new', formerNames: ['old'], tags: ['a', 'b'] });
  const refused = await rig.call('bob', 'PATCH', `/api/devices/${id}`, { name: 'taken' });
  expect([refused.statusCode, refused.json().code]).toEqual([409, 'name_taken']);
  const log = (await rig.call('bob', 'GET', `/api/audit?deviceId=${id}`)).json().items;
  expect(log.map((entry: { action: string }) => entry.action)).toEqual(['device.tagged', 'device.renamed']);
  expect(log[1]).toMatchObject({
    actor: 'bob',
    address: '192.0.2.1',
    target: 'new',
    detail: { from: 'old' },
  });
});

test('a removed device loses its link and forwards, and its name stays with the account', async () => {
  const id = await rig.addDevice('bob', 'box');
  rig.links.up.set(id, { state: linkUp, services: [] });
  await rig.call('bob', 'POST', `/api/devices/${id}/forwards`, { service: 'ssh', minutes: 5 });
  expect((await rig.call('bob', 'DELETE', `/api/devices/${id}`)).statusCode).toBe(204);
  expect(rig.links.ended).toEqual([id]);
  expect(rig.forwards.open_.size).toBe(0);
  expect((await rig.call('bob', 'GET', `/api/devices/${id}`)).statusCode).toBe(404);
  await expect(rig.addDevice('eve', 'box')).rejects.toMatchObject({ code: 'name_taken' });
});

test('access modes: basic needs a password once and keeps it', async () => {
  const id = await rig.addDevice('bob', 'box');
  const set = (body: object) => rig.call('bob', 'PATCH', `/api/devices/${id}/services/web`, body);
  expect((await set({ access: 'basic' })).statusCode).toBe(400);
  expect((await set({ access: 'public', basicUser: 'me' })).statusCode).toBe(400);
  const made = await set({ access: 'basic', basicUser: 'guest', basicPassword: 'porch light' });
  expect(made.json()).toMatchObject({ name: 'web', access: 'basic', basicUsers: ['guest'] });
  expect(made.body).not.toMatch(/argon2|porch light/);
  expect((await set({ access: 'public' })).json()).toMatchObject({ access: 'public' });
  expect((await set({ access: 'basic' })).json()).toMatchObject({ access: 'basic', basicUsers: ['guest'] });
  expect((await set({ access: 'basic', basicUser: 'other' })).statusCode).toBe(400);
  const stored = await stores.devices.byId(rig.idOf('bob'), id);
  expect(stored?.services.find(({ name }) => name === 'web')?.users[0]?.passwordHash).toMatch(
    /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/,
  );
  const log = (await rig.call('bob', 'GET', '/api/audit?action=service.access-changed')).json().items;
  expect(log[0]).toMatchObject({
    actor: 'bob',
    target: 'web of box',
    detail: { from: 'public', to: 'basic' },
  });
});

test('a service still offered cannot be forgotten; one that is gone can', async () => {
  const id = await rig.addDevice('bob', 'box');
  rig.links.up.set(id, { state: linkUp, services: [{ name: 'web', kind: 'http' }] });
  expect((await rig.call('bob', 'DELETE', `/api/devices/${id}/services/web`)).statusCode).toBe(409);
  expect((await rig.call('bob', 'DELETE', `/api/devices/${id}/services/ssh`)).statusCode).toBe(204);
  expect((await rig.call('bob', 'DELETE', `/api/devices/${id}/services/ssh`)).statusCode).toBe(404);
});

test('probes, and opens, shows and ends forwards to a service or a port', async () => {
  const id = await rig.addDevice('bob', 'box');
  rig.links.probed = { ok: false, took: 1, error: 'device_offline' };
  expect((await rig.call('bob', 'POST', `/api/devices/${id}/services/web/probe`)).json()).toEqual(
    rig.links.probed,
  );
  expect((await rig.call('bob', 'POST', `/api/devices/${id}/services/none/probe`)).statusCode).toBe(404);
  const open = (body: object) => rig.call('bob', 'POST', `/api/devices/${id}/forwards`, body);
  const wrong = [
    ...[{}, { service: 'ssh', port: 22 }, { port: 0 }, { port: 65_536 }, { service: 'no name' }],
    ...[
      { port: 22, minutes: 0 },
      { port: 22, relayPort: 70_000 },
      { port: 22, allow: [1] },
    ],
  ];
  for (const body of wrong) expect([body, (await open(body)).statusCode]).toEqual([body, 400]);
  expect((await open({ service: 'ssh', minutes: 13 })).statusCode).toBe(503);
  const forward = await open({ service: 'ssh' });
  expect([forward.statusCode, forward.json()]).toEqual([
    201,
    expect.objectContaining({ deviceId: id, port: 20_000 }),
  ]);
  expect(forward.json().accountId).toBeUndefined();
  expect((await rig.call('bob', 'GET', `/api/devices/${id}/forwards`)).json().items).toHaveLength(1);
  expect((await open({ port: 8080, relayPort: 30_000 })).json()).toMatchObject({ devicePort: 8080 });
  expect((await rig.call('bob', 'GET', '/api/forwards')).json().items).toHaveLength(2);
  expect((await rig.call('eve', 'GET', '/api/forwards')).json().items).toEqual([]);
  expect((await rig.call('bob', 'GET', '/api/forwards/options')).json()).toMatchObject({ maxMinutes: 1440 });
  const url = `/api/forwards/${forward.json().id}`;
  expect((await rig.call('bob', 'GET', url)).json()).toEqual(forward.json());
  expect((await rig.call('bob', 'DELETE', url)).statusCode).toBe(204);
  expect((await rig.call('bob', 'GET', url)).statusCode).toBe(404);
});

test('health: uptime from the events, the present link counted in', async () => {
  const id = await rig.addDevice('bob', 'box');
  const start = clock.now();
  await clock.advance(1_000_000);
  await stores.health.record(
    [
      { deviceId: id, at: start, state: 'up' },
      { deviceId: id, at: start, state: 'down' },
      { deviceId: id, at: start + 500_000, state: 'up' },
    ],
    [{ deviceId: id, at: start + 600_000, rtt: 10, bytesIn: 1, bytesOut: 2 }],
  );
  rig.links.up.set(id, { state: { ...linkUp, since: start + 500_000 }, services: [] });
  const health = (await rig.call('bob', 'GET', `/api/devices/${id}/health?span=30d`)).json();
  expect(health).toMatchObject({ from: start, to: start + 1_000_000, uptime: 0.5 });
  expect(health.periods.map((one: { state: string }) => one.state)).toEqual(['down', 'up']);
  expect(health.samples).toEqual([{ at: expect.any(Number), rtt: 10, bytesIn: 1, bytesOut: 2 }]);
});

test('join requests: found by code, allowed and denied', async () => {
  const ask = async (name: string, accountId: string | undefined) => {
    const asked = await rig.joinRequests.ask({
      fingerprint: `SHA256:${name}`,
      publicKey: `ssh-ed25519 ${name}`,
      name,
      accountId,
      address: '198.51.100.1',
      software: 'agent 0.1.0',
      onAnswer: () => undefined,
    });
    if (asked.kind !== 'waiting') throw new Error('refused');
    return asked.code;
  };
  const mine = await ask('mine', rig.idOf('bob'));
  const nobodys = await ask('nobodys', undefined);
  expect((await rig.call('bob', 'GET', '/api/join-requests')).json().items).toHaveLength(1);
  expect((await rig.call('ann', 'GET', '/api/join-requests')).json().items).toHaveLength(1);
  const found = (await rig.call('bob', 'GET', `/api/join-requests?code=${nobodys.toLowerCase()}`)).json()
    .items;
  expect(found).toHaveLength(1);
  const allowed = await rig.call('bob', 'POST', `/api/join-requests/${found[0].id}/allow`, {
    code: nobodys,
    name: 'porch',
  });
  expect(allowed.json()).toMatchObject({ name: 'porch', link: { up: false } });
  const [other] = (await rig.call('bob', 'GET', '/api/join-requests')).json().items;
  expect(
    (await rig.call('bob', 'POST', `/api/join-requests/${other.id}/deny`, { code: mine })).statusCode,
  ).toBe(204);
  expect((await rig.call('bob', 'GET', '/api/join-requests')).json().items).toEqual([]);
});

test('enrolment tokens: made once, used so often, revoked', async () => {
  const made = await rig.call('bob', 'POST', '/api/enrolment-tokens', { uses: 2, hours: 1, tags: ['fleet'] });
  const { id, token } = made.json();
  const { enrolmentTokens } = rig.deps;
  expect(await enrolmentTokens.redeem(token, clock.now())).toMatchObject({
    accountId: rig.idOf('bob'),
    usesLeft: 1,
  });
  expect(await enrolmentTokens.redeem(`${token}x`, clock.now())).toBeUndefined();
  expect((await rig.call('bob', 'GET', '/api/enrolment-tokens')).body).not.toContain(token);
  await clock.advance(3600_000);
  expect(await enrolmentTokens.redeem(token, clock.now())).toBeUndefined();
  expect((await rig.call('bob', 'DELETE', `/api/enrolment-tokens/${id}`)).statusCode).toBe(204);
  const log = (await rig.call('bob', 'GET', '/api/audit?limit=1')).json();
  expect(log.items[0]).toMatchObject({ action: 'enrolment-token.revoked', target: id });
  expect((await rig.call('bob', 'GET', `/api/audit?cursor=${log.next}`)).json().items[0]).toMatchObject({
    action: 'enrolment-token.created',
  });
});

test('access tokens act as the account until revoked, but not to make more of themselves', async () => {
  const made = (await rig.call('bob', 'POST', '/api/me/access-tokens', { name: 'script', days: 1 })).json();
  const headers = { authorization: `Bearer ${made.token}` };
  const asToken = (method: 'GET' | 'POST', url: string, body?: object) =>
    rig.app.inject({ method, url, headers, ...(body ? { payload: body } : {}) });
  expect((await asToken('GET', '/api/devices')).statusCode).toBe(200);
  for (const [url, body] of [
    ['/api/me/access-tokens', { name: 'another' }],
    ['/api/me/password', { current: PASSWORD, next: 'a new password' }],
    ['/api/sign-out', {}],
  ] as const) {
    expect((await asToken('POST', url, body)).json()).toMatchObject({ status: 403, code: 'forbidden' });
  }
  const listed = (await rig.call('bob', 'GET', '/api/me/access-tokens')).json().items;
  expect(listed).toEqual([expect.objectContaining({ name: 'script', lastUsedAt: clock.now() })]);
  expect((await rig.call('bob', 'DELETE', `/api/me/access-tokens/${made.id}`)).statusCode).toBe(204);
  expect((await asToken('GET', '/api/devices')).statusCode).toBe(401);
  const brief = (await rig.call('bob', 'POST', '/api/me/access-tokens', { name: 'brief', days: 1 })).json();
  headers.authorization = `Bearer ${brief.token}`;
  expect((await asToken('GET', '/api/devices')).statusCode).toBe(200);
  await clock.advance(24 * 3600_000);
  expect((await asToken('GET', '/api/devices')).statusCode).toBe(401);
});

test('admins make, change and remove accounts; the last admin stays', async () => {
  const made = await rig.call('ann', 'POST', '/api/accounts', { name: 'Zoe', password: PASSWORD });
  expect([made.statusCode, made.json()]).toEqual([
    201,
    expect.objectContaining({ name: 'zoe', role: 'member' }),
  ]);
  const again = await rig.call('ann', 'POST', '/api/accounts', { name: 'zoe', password: PASSWORD });
  expect(again.json()).toMatchObject({ code: 'name_taken' });
  const page = (await rig.call('ann', 'GET', '/api/accounts?limit=2')).json();
  expect([page.items.map((one: { name: string }) => one.name), page.next]).toEqual([['ann', 'bob'], 'bob']);
  const ann = `/api/accounts/${rig.idOf('ann')}`;
  expect((await rig.call('ann', 'DELETE', ann)).json()).toMatchObject({ code: 'conflict' });
  expect((await rig.call('ann', 'PATCH', ann, { role: 'member' })).json()).toMatchObject({
    code: 'conflict',
  });
  expect((await rig.call('ann', 'PATCH', ann, { password: 'another password' })).statusCode).toBe(403);
  const bob = `/api/accounts/${rig.idOf('bob')}`;
  expect((await rig.call('ann', 'PATCH', bob, { role: 'admin' })).json()).toMatchObject({ role: 'admin' });
  expect((await rig.call('bob', 'GET', '/api/accounts')).statusCode).toBe(200);
  // Each of two admins demotes the other: one of them has to stay.
  const [a, b] = await Promise.all([
    rig.call('ann', 'PATCH', bob, { role: 'member' }),
    rig.call('bob', 'PATCH', ann, { role: 'member' }),
  ]);
  expect([a.statusCode, b.statusCode]).toEqual([200, 409]);
  expect((await rig.call('bob', 'GET', '/api/accounts')).statusCode).toBe(403);
  expect((await rig.call('ann', 'PATCH', bob, { password: 'another password' })).statusCode).toBe(200);
  expect((await rig.call('bob', 'GET', '/api/me')).statusCode).toBe(401);
  expect((await rig.call('ann', 'DELETE', bob)).statusCode).toBe(204);
  const log = (await rig.call('ann', 'GET', '/api/audit')).json().items;
  expect(log.map((entry: { action: string }) => entry.action)).toEqual([
    'account.removed',
    'account.role-changed',
    'account.role-changed',
    'account.created',
  ]);
});

test('calls that cost more have a limit of their own', async () => {
  const id = await rig.addDevice('bob', 'box');
  const probe = () => rig.call('bob', 'POST', `/api/devices/${id}/services/web/probe`);
  for (let n = 0; n < 30; n += 1) expect((await probe()).statusCode).toBe(200);
  const limited = await probe();
  expect([limited.statusCode, limited.headers['retry-after']]).toEqual([429, '1']);
  await clock.advance(1_000);
  expect((await probe()).statusCode).toBe(200);
});
