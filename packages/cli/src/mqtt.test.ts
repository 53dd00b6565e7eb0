import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningProgram, runPorchlight, startPorchlight } from '@porchlight/testkit';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';

const SECRET = /^pl[ma]_[\w-]{43}$/;
let data: string;
let relay: RunningProgram;
let port: number;
const clients: MqttClient[] = [];

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'porchlight-cli-mqtt-'));
  const ports = ['--http', '0', '--https', 'off', '--mqtts', 'off', '--mqtt', '0', '--ssh', 'off'];
  relay = startPorchlight(['relay', '--data', data, ...ports, '--log', 'json']);
  port = Number((await relay.json((line) => line['msg'] === 'relay ready'))['mqtt']);
  const added = await porchlight(['user', 'add', 'ann', '--admin', '--password-stdin'], 'correct horse');
  expect(added.code, added.stderr).toBe(0);
}, 180_000);
afterAll(async () => {
  for (const client of clients) client.end(true);
  await relay?.stop();
  if (data !== undefined) await rm(data, { recursive: true });
});

function porchlight(args: string[], input?: string) {
  const [group = '', verb = '', ...rest] = args;
  return runPorchlight(['relay', group, verb, '--data', data, ...rest], input === undefined ? {} : { input });
}

async function connect(username: string, password: string): Promise<MqttClient> {
  const client = mqtt.connect({ host: '127.0.0.1', port, username, password, reconnectPeriod: 0 });
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
  });
  return client;
}

const closed = (client: MqttClient): Promise<void> =>
  new Promise((resolve) => client.once('close', () => resolve()));

it('a device without a key is made, comes in, and is kept out when its credential is revoked', async () => {
  const made = await porchlight([
    'device',
    'add',
    'shed',
    '--account',
    'ann',
    '--mqtt-only',
    '--tag',
    'garden',
  ]);
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('the MQTT user shed') });
  const password = made.stdout.trim();
  expect(password).toMatch(SECRET);
  const client = await connect('shed', password);
  await client.publishAsync('device/shed/telemetry/t', '21.5', { qos: 1 });
  const listed = JSON.parse((await porchlight(['mqtt', 'list', 'shed', '--json'])).stdout);
  expect(listed).toMatchObject([{ account: 'ann', device: 'shed', name: 'made with it' }]);
  const devices = await porchlight(['device', 'list']);
  expect(devices.stdout).toContain('none, MQTT only');
  const ended = closed(client);
  const revoked = await porchlight(['mqtt', 'revoke', listed[0].id]);
  expect(revoked).toMatchObject({ code: 0, stdout: expect.stringContaining('revoked') });
  // The relay runs, and notices.
  await ended;
  await expect(connect('shed', password)).rejects.toThrow('Bad username or password');
}, 180_000);

it('a second credential, and app passwords, are made, listed and revoked', async () => {
  const second = JSON.parse((await porchlight(['mqtt', 'add', 'shed', '--name', 'spare', '--json'])).stdout);
  expect(second).toMatchObject({ username: 'shed', name: 'spare', password: expect.stringMatching(SECRET) });
  const add = ['app-password', 'add', 'ann', 'emonpi', '--device', 'shed'];
  const password = (await porchlight(add)).stdout.trim();
  await connect('ann', password);
  const all = await porchlight(['app-password', 'list']);
  expect(all.stdout).toMatch(/ann +shed +emonpi/);
  const [app] = JSON.parse((await porchlight(['app-password', 'list', 'ann', '--json'])).stdout);
  // Each kind has its own list.
  expect(await porchlight(['mqtt', 'revoke', app.id])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('porchlight relay mqtt list'),
  });
  expect(await porchlight(['app-password', 'revoke', app.id])).toMatchObject({ code: 0 });
  await expect(connect('ann', password)).rejects.toThrow('Bad username or password');
}, 180_000);

it('a changed password and a removed device end their connections in a relay that runs', async () => {
  const person = await connect('ann', 'correct horse');
  const gone = closed(person);
  const changed = await porchlight(['user', 'password', 'ann', '--password-stdin'], 'battery staple');
  expect(changed.code, changed.stderr).toBe(0);
  await gone;
  const stays = await connect('ann', 'battery staple');
  const made = await porchlight(['device', 'add', 'attic', '--account', 'ann', '--mqtt-only']);
  const device = await connect('attic', made.stdout.trim());
  const removed = closed(device);
  expect((await porchlight(['device', 'remove', 'attic', '--yes'])).code).toBe(0);
  await removed;
  expect(stays.connected).toBe(true);
}, 180_000);

it('says what is wrong', async () => {
  const both = ['--public-key', 'x.pub', '--mqtt-only'];
  for (const [args, words] of [
    [['device', 'add', 'barn', '--account', 'ann'], '--mqtt-only for a device that speaks only MQTT'],
    [['device', 'add', 'barn', '--account', 'ann', ...both], "'--mqtt-only'"],
    [['device', 'add', 'shed', '--account', 'ann', '--mqtt-only'], 'shed'],
    [['mqtt', 'add', 'cellar'], 'there is no device "cellar"'],
    [['app-password', 'add', 'ann', 'x', '--device', 'cellar'], 'there is no device "cellar"'],
    [['app-password', 'add', 'bob', 'x'], 'there is no account "bob"'],
    [['app-password', 'add', 'ann', ' '], 'name'],
  ] as const) {
    const failed = await porchlight([...args]);
    expect([args, failed.code === 0, failed.stdout]).toEqual([args, false, '']);
    expect(failed.stderr).toContain(words);
  }
}, 180_000);
