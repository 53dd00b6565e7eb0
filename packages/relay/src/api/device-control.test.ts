import { FakeClock } from '@porchlight/testkit';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStores, type Stores } from '../storage/index.ts';
import { createRig, type Rig } from './api-rig.ts';

const linkUp = { up: true, since: 5, paused: false, address: '192.0.2.9', transport: 'ssh' as const };

let stores: Stores;
let rig: Rig;
let clock: FakeClock;

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

const newKeys = () => ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256, comment: 'root@router' });
const audited = async (who = 'bob') =>
  (await rig.call(who, 'GET', '/api/audit')).json().items.map(({ action }: { action: string }) => action);

test('a device is enrolled by its public key, and is known when it comes', async () => {
  const { public: publicKey } = newKeys();
  const made = await rig.call('bob', 'POST', '/api/devices', {
    name: ' Router1 ',
    publicKey: `${publicKey}\n`,
    tags: ['attic', 'attic'],
  });
  expect(made.statusCode).toBe(201);
  expect(made.json()).toMatchObject({
    name: 'router1',
    tags: ['attic'],
    link: { up: false },
    blocked: false,
  });
  const { id, fingerprint } = made.json();
  expect(await stores.devices.byFingerprint(fingerprint)).toMatchObject({
    id,
    accountId: rig.idOf('bob'),
    publicKey: publicKey.split(' ').slice(0, 2).join(' '),
  });
  expect((await rig.call('bob', 'GET', '/api/audit')).json().items[0]).toMatchObject({
    action: 'device.enrolled',
    actor: 'bob',
    target: 'router1',
    address: '192.0.2.1',
    detail: { fingerprint },
  });
});

test('a device without a key gets an MQTT credential, whose password is shown once', async () => {
  const made = await rig.call('bob', 'POST', '/api/devices', { name: 'Meter', mqtt: true, tags: ['attic'] });
  expect(made.statusCode).toBe(201);
  const { id, mqtt, fingerprint, tags } = made.json();
  expect([fingerprint, tags, mqtt]).toEqual([
    undefined,
    ['attic'],
    expect.objectContaining({ username: 'meter', password: expect.stringMatching(/^plm_[\w-]{43}$/) }),
  ]);
  const listed = (await rig.call('bob', 'GET', `/api/devices/${id}/mqtt-credentials`)).json().items;
  expect(listed).toMatchObject([{ id: mqtt.id }]);
  const told = JSON.stringify([listed, (await rig.call('bob', 'GET', `/api/devices/${id}`)).json()]);
  expect(told).not.toMatch(/plm_|"mqtt:/);
  expect((await rig.call('bob', 'GET', '/api/audit')).json().items).toMatchObject([
    { action: 'mqtt-credential.created', target: 'meter' },
    { action: 'device.enrolled', target: 'meter', detail: { key: 'none, for MQTT' } },
  ]);
  for (const body of [
    { name: 'other' },
    { name: 'other', mqtt: false },
    { name: 'other', mqtt: true, publicKey: newKeys().public },
  ]) {
    const refused = await rig.call('bob', 'POST', '/api/devices', body);
    expect([refused.statusCode, refused.json().code]).toEqual([400, 'bad_request']);
  }
  const taken = await rig.call('bob', 'POST', '/api/devices', { name: 'meter', mqtt: true });
  expect(taken.json().code).toBe('name_taken');
});

test('what cannot be enrolled is refused with what is wrong, and nothing is made', async () => {
  const enrol = async (who: string, name: string, publicKey: string) => {
    const answer = await rig.call(who, 'POST', '/api/devices', { name, publicKey });
    return `${answer.statusCode} ${answer.json().code}: ${answer.json().detail}`;
  };
  const own = newKeys();
  expect(await enrol('bob', 'box', own.private)).toMatch(/^400 bad_request: .*private key/);
  expect(await enrol('bob', 'box', 'ssh-dss AAAA')).toMatch(/^400 bad_request: Keys of type ssh-dss/);
  expect(await enrol('bob', 'box', 'hello')).toMatch(/^400 bad_request/);
  expect(await enrol('bob', 'a b', own.public)).toMatch(/^400 bad_request/);
  const people = newKeys();
  await rig.call('bob', 'POST', '/api/me/ssh-keys', { publicKey: people.public });
  expect(await enrol('bob', 'box', people.public)).toMatch(/^409 key_in_use: .*your own SSH key/);
  expect(await enrol('eve', 'box', people.public)).toMatch(
    /^409 key_in_use: This key is in use at this relay/,
  );
  expect(await stores.devices.count(rig.idOf('bob'))).toBe(0);

  expect(
    (await rig.call('bob', 'POST', '/api/devices', { name: 'box', publicKey: own.public })).statusCode,
  ).toBe(201);
  expect(await enrol('bob', 'other', own.public)).toMatch(
    /^409 key_in_use: That is the key of the device box/,
  );
  // Another account is not told whose it is.
  expect(await enrol('eve', 'other', own.public)).toMatch(
    /^409 key_in_use: This key is in use at this relay/,
  );
  expect(await enrol('eve', 'box', newKeys().public)).toMatch(/^409 name_taken/);
  expect(await stores.devices.count(rig.idOf('eve'))).toBe(0);
});

test('an account has as many devices as the relay allows, however they come', async () => {
  for (let n = 0; n < 100; n += 1) await rig.addDevice('bob', `d${n}`);
  const body = { name: 'one-more', publicKey: newKeys().public };
  const answer = await rig.call('bob', 'POST', '/api/devices', body);
  expect([answer.statusCode, answer.json().detail]).toEqual([403, 'The account has its 100 devices already']);
});

test('kick ends the link, and says so when there is none', async () => {
  const id = await rig.addDevice('bob', 'box');
  const kick = () => rig.call('bob', 'POST', `/api/devices/${id}/kick`, {});
  const none = await kick();
  expect([none.statusCode, none.json().code]).toEqual([503, 'device_offline']);
  expect(await audited()).not.toContain('device.kicked');
  rig.links.up.set(id, { state: linkUp, services: [] });
  expect((await kick()).statusCode).toBe(204);
  expect(rig.links.ended).toEqual([id]);
  expect(await audited()).toContain('device.kicked');
});

test('block ends the link and keeps what is known; unblock lets the key in again', async () => {
  const id = await rig.addDevice('bob', 'box');
  const set = (blocked: boolean) => rig.call('bob', 'PATCH', `/api/devices/${id}`, { blocked });
  rig.links.up.set(id, { state: linkUp, services: [] });
  expect((await set(true)).json()).toMatchObject({ blocked: true, link: { up: false }, name: 'box' });
  expect(rig.links.ended).toEqual([id]);
  expect((await stores.devices.byId(rig.idOf('bob'), id))?.blockedAt).toBe(clock.now());
  // What is so already is not noted again.
  await set(true);
  expect((await set(false)).json()).toMatchObject({ blocked: false });
  expect((await stores.devices.byId(rig.idOf('bob'), id))?.blockedAt).toBeUndefined();
  expect((await audited()).filter((action: string) => action.startsWith('device.'))).toEqual([
    'device.unblocked',
    'device.blocked',
  ]);
});

test('the expected interval between calls is set, and given back', async () => {
  const id = await rig.addDevice('bob', 'box');
  const set = (callIntervalSeconds: unknown) =>
    rig.call('bob', 'PATCH', `/api/devices/${id}`, { callIntervalSeconds });
  for (const wrong of [0, 9, 86_401, 10.5, '60']) expect((await set(wrong)).statusCode).toBe(400);
  expect((await set(60)).json()).toMatchObject({ callIntervalSeconds: 60 });
  expect((await set(null)).json()).not.toHaveProperty('callIntervalSeconds');
  expect(await audited()).toEqual(['device.interval-changed', 'device.interval-changed']);
});

test('a kind that a person sets holds against what the device says, until it is given back', async () => {
  const id = await rig.addDevice('bob', 'box');
  const web = { name: 'web', kind: 'http' as const, port: 8080 };
  rig.links.up.set(id, { state: linkUp, services: [web] });
  const set = (kind: string) => rig.call('bob', 'PATCH', `/api/devices/${id}/services/web`, { kind });
  expect((await set('udp')).statusCode).toBe(400);
  expect((await set('tcp')).json()).toMatchObject({
    kind: 'tcp',
    kindSet: true,
    port: 8080,
    access: 'login',
  });
  expect((await set('tcp')).json()).not.toHaveProperty('url');
  await stores.devices.addServices(id, [web]);
  const now = (await rig.call('bob', 'GET', `/api/devices/${id}`)).json().services;
  expect(now.find(({ name }: { name: string }) => name === 'web')).toMatchObject({ kind: 'tcp' });
  expect((await set('auto')).json()).toMatchObject({ kind: 'http', kindSet: false });
  expect(rig.links.kinds).toEqual([`${id} web tcp`, `${id} web tcp`, `${id} web auto`]);
  expect((await rig.call('bob', 'GET', '/api/audit')).json().items[0]).toMatchObject({
    action: 'service.kind-changed',
    target: 'web of box',
    detail: { from: 'tcp', to: 'auto' },
  });
});

test('readings: last values with their time, numbers as means, joined for the longer span', async () => {
  const id = await rig.addDevice('bob', 'box');
  const device = { id, accountId: rig.idOf('bob') };
  await clock.advance(2 * 3600_000 - (clock.now() % 3600_000));
  const start = clock.now();
  const note = (values: Record<string, string>) =>
    rig.readings.note(device, new Map(Object.entries(values)), clock.now());
  note({ load: '1', firmware: 'v1' });
  await clock.advance(60_000);
  note({ load: '2' });
  await clock.advance(10 * 60_000);
  note({ load: '6' });
  const day = (await rig.call('bob', 'GET', `/api/devices/${id}/readings`)).json();
  expect(day.readings).toEqual([
    { name: 'firmware', value: 'v1', at: start, samples: [] },
    {
      name: 'load',
      value: '6',
      at: start + 660_000,
      samples: [
        { at: start, mean: 1.5 },
        { at: start + 600_000, mean: 6 },
      ],
    },
  ]);
  const month = (await rig.call('bob', 'GET', `/api/devices/${id}/readings?span=30d`)).json();
  expect(month.readings[1].samples).toEqual([{ at: start, mean: 3 }]);
  const none = await rig.addDevice('bob', 'quiet');
  expect((await rig.call('bob', 'GET', `/api/devices/${none}/readings`)).json().readings).toEqual([]);
});
