import { readFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { startTestRelay, type TestDevice, type TestPerson, type TestRelay } from '@porchlight/testkit';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askBaseStation, makeBaseStation } from './base-station-rig.ts';

let relay: TestRelay;
let alice: TestPerson;
let eve: TestPerson;
let attic: TestDevice;
const stop = new AbortController();

beforeAll(async () => {
  relay = await startTestRelay();
  alice = await relay.person('alice');
  eve = await relay.person('eve');
  attic = await relay.device(alice, 'attic');
  await configure('');
});
afterAll(async () => {
  stop.abort();
  await relay.close();
});

const configure = (more: string) => makeBaseStation(attic, more);
const ask = (name: string) => askBaseStation(attic, name, stop.signal);

interface Shown {
  id: string;
  name: string;
  code?: string;
  deviceName: string;
  answerable: boolean;
}

/** Once a device of that name asks, as the API has it. */
async function requestOf(name: string): Promise<Shown> {
  let found: Shown | undefined;
  await expect
    .poll(
      async () => {
        const { items } = JSON.parse((await alice.api('GET', '/api/lan-requests')).body);
        found = items.find((one: Shown & { state: string }) => one.name === name && one.state === 'waiting');
        return found;
      },
      { timeout: 20_000 },
    )
    .toBeDefined();
  return found!;
}

const path = (request: { id: string }, answer: string) =>
  `/api/devices/${attic.id}/lan-requests/${request.id}/${answer}`;

it('a WiFi device is seen from afar, allowed, fetches its credentials, and its values arrive', async () => {
  await configure('  passOn: true\n');
  const device = ask('sensor');
  const request = await requestOf('sensor');
  expect(request).toMatchObject({ code: await device.code, deviceName: 'attic', answerable: true });
  for (const [method, url] of [
    ['GET', `/api/devices/${attic.id}/lan-requests`],
    ['GET', `/api/devices/${attic.id}/lan-devices`],
    ['GET', `/api/devices/${attic.id}/lan-inputs`],
    ['POST', path(request, 'allow')],
  ] as const) {
    const body = method === 'POST' ? { code: request.code } : undefined;
    expect([url, (await eve.api(method, url, body)).status]).toEqual([url, 404]);
  }
  expect(JSON.parse((await eve.api('GET', '/api/lan-requests')).body)).toEqual({ items: [] });

  const wrong = await alice.api('POST', path(request, 'allow'), { code: '000-000' });
  expect([wrong.status, JSON.parse(wrong.body).code]).toEqual([409, 'conflict']);
  const allowed = await alice.api('POST', path(request, 'allow'), { code: request.code, name: 'kitchen' });
  expect([allowed.status, allowed.body]).toEqual([204, '']);
  const handover = await device.outcome;
  expect(handover).toMatchObject({ username: 'kitchen', host: '127.0.0.1', topics: 'emon/kitchen/' });

  const listed = async () =>
    JSON.parse((await alice.api('GET', `/api/devices/${attic.id}/lan-devices`)).body);
  await expect
    .poll(listed)
    .toMatchObject({ here: true, items: [{ name: 'kitchen', silent: false }], more: 0 });
  expect(JSON.stringify(await listed())).not.toContain(handover?.password);
  const { mqtts, ca, username, password } = handover!;
  const client = await connectAsync(`mqtts://127.0.0.1:${mqtts}`, { ca: ca!, username, password });
  await client.publishAsync('emon/kitchen/temperature', '21.5');
  await expect
    .poll(async () => (await listed()).items[0]?.lastSeenAt, { timeout: 30_000 })
    .toBeGreaterThan(0);
  const said = async () => JSON.parse((await alice.api('GET', `/api/devices/${attic.id}/lan-inputs`)).body);
  await expect.poll(said, { timeout: 30_000, interval: 500 }).toMatchObject({
    ...{ here: true, more: 0 },
    items: [{ topic: 'emon/kitchen/temperature', device: 'kitchen', value: '21.5' }],
  });
  const readings = async () =>
    JSON.parse((await alice.api('GET', `/api/devices/${attic.id}/readings?span=24h`)).body);
  await expect
    .poll(readings, { timeout: 60_000, interval: 500 })
    .toMatchObject({ readings: [{ name: 'kitchen/temperature', value: '21.5' }] });
  await client.endAsync();

  const audit = JSON.parse((await alice.api('GET', '/api/audit?action=lan-request.allowed')).body).items;
  expect(audit).toMatchObject([{ actor: 'alice', target: 'kitchen', deviceId: attic.id }]);
  expect(await readFile(joinPath(attic.dataFolder, 'audit.log'), 'utf8')).toContain(
    'alice, through the relay',
  );
}, 120_000);

it('who is denied from afar never gets a byte', async () => {
  const device = ask('neighbour');
  const request = await requestOf('neighbour');
  expect((await alice.api('POST', path(request, 'deny'), { code: request.code })).status).toBe(204);
  expect(await device.outcome).toBeUndefined();
  const again = await alice.api('POST', path(request, 'allow'), { code: request.code });
  expect(again.status).toBe(404);
}, 60_000);

it('a device that is paused, or lets nobody in from afar, refuses, and says why', async () => {
  await attic.agent.setPaused(true);
  void ask('late').outcome.catch(() => undefined);
  let request = await requestOf('late');
  const paused = await alice.api('POST', path(request, 'allow'), { code: request.code });
  expect([paused.status, JSON.parse(paused.body).code]).toEqual([503, 'device_paused']);
  await attic.agent.setPaused(false);

  await configure('  remoteAllow: false\n');
  void ask('closed').outcome.catch(() => undefined);
  request = await requestOf('closed');
  expect(request.answerable).toBe(false);
  const off = await alice.api('POST', path(request, 'allow'), { code: request.code });
  expect([off.status, JSON.parse(off.body).code]).toEqual([403, 'denied_by_device']);
  expect(JSON.parse(off.body).detail).toContain('remoteAllow');
}, 60_000);

it('with the agent the list goes, and an answer says that it is offline', async () => {
  void ask('last').outcome.catch(() => undefined);
  const request = await requestOf('last');
  await attic.stop();
  await expect
    .poll(async () => JSON.parse((await alice.api('GET', `/api/devices/${attic.id}/lan-requests`)).body))
    .toEqual({ here: false, items: [], more: 0 });
  const late = await alice.api('POST', path(request, 'allow'), { code: request.code });
  expect([late.status, JSON.parse(late.body).code]).toEqual([503, 'device_offline']);
}, 60_000);
