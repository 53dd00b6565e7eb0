import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type RunningProgram,
  requireProgram,
  startProgram,
  startTestRelay,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type EnergyMonitor, startEnergyMonitor } from '../../../demo/src/energy/index.ts';

const CLIENT = join(import.meta.dirname, 'client.py');
const paho = await requireProgram('paho', 'python3-paho-mqtt', {
  folders: ['/usr/lib/python3/dist-packages'],
});

let relay: TestRelay;
let ann: TestPerson;

const form = (method: string, path: string, fields: Record<string, string>, headers = {}) =>
  relay.visit('localhost', path, {
    method,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });
const auth = async (username: string, password: string) => {
  const { status, body } = await form('POST', '/user/auth.json', { username, password });
  return { http: status, ...JSON.parse(body) };
};
const get = async (path: string, who = ann) => {
  const { status, body } = await relay.visit('localhost', path, { headers: { cookie: who.cookie } });
  return { status, json: JSON.parse(body) };
};

beforeAll(async () => {
  relay = await startTestRelay();
  ann = await relay.person('ann', 'admin');
});
afterAll(() => relay.close());

describe('the sign-in check of a device’s settings page', () => {
  it('says whether name and password fit, in the body', async () => {
    expect(await auth('ann', ann.password)).toMatchObject({ http: 200, success: true, userid: ann.id });
    expect(await auth('ann', 'wrong')).toEqual({
      ...{ http: 200, success: false, message: 'Incorrect authentication' },
    });
    expect(await auth('nobody', 'wrong')).toMatchObject({ http: 200, success: false });
    const other = { origin: 'https://evil.example' };
    expect((await form('POST', '/user/auth.json', { username: 'ann' }, other)).status).toBe(403);
    expect((await relay.visit('localhost', '/user/auth.json')).status).toBe(400);
    expect((await form('POST', '/user/auth.json', { username: 'x'.repeat(20_000) })).status).toBe(413);
  });
});

describe.skipIf(paho.missing !== undefined)(`a Python client with paho ${paho.missing ?? ''}`, () => {
  let energy: EnergyMonitor;
  let client: RunningProgram;
  let folder: string;

  beforeAll(async () => {
    energy = await startEnergyMonitor();
    folder = await mkdtemp(join(tmpdir(), 'porchlight-emoncms-'));
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, (await relay.visit('localhost', '/install/ca.pem')).body);
    const local = `http://127.0.0.1:${energy.port}/emoncms`;
    client = startProgram('/usr/bin/python3', [
      ...[CLIENT, 'localhost', String(relay.relay.ports.mqtts), ca, 'ann', ann.password, local],
      energy.keys.read,
    ]);
    await vi.waitUntil(() => client.lines.includes('subscribed'), { timeout: 10_000 });
  });
  afterAll(async () => {
    await client?.stop();
    await energy?.close();
    await rm(folder, { recursive: true });
  });

  it('serves its emoncms to its owner, over TLS and MQTT', async () => {
    const list = await get('/feed/list.json');
    expect([list.status, list.json.length]).toEqual([200, 7]);
    const end = Date.now();
    const history = await get(`/feed/data.json?id=1&start=${end - 3600_000}&end=${end}&interval=10`);
    expect(history.json.length).toBeGreaterThan(350);
    const answer = await form(
      'POST',
      '/feed/value.json',
      { id: '2' },
      { cookie: ann.cookie, origin: `http://localhost:${relay.port}`, 'sec-fetch-site': 'same-origin' },
    );
    expect([answer.status, typeof JSON.parse(answer.body)]).toEqual([200, 'number']);
    // What emoncms itself refuses is its own answer.
    expect(await get('/feed/value.json?id=99')).toMatchObject({ status: 200, json: { success: false } });
  });

  it('answers many at once, one after the other, and loses none', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => get(`/feed/value.json?id=${(n % 7) + 1}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 200));
    expect(client.lines).not.toContain('lost a request');
  });

  it('never sees keys or routes from outside, and nobody else sees the home', async () => {
    const before = client.lineCount;
    expect((await get('/feed/value.json?id=1&apikey=stolen&q=feed/delete&Q[]=x')).status).toBe(200);
    expect(client.lineCount).toBe(before);
    expect((await relay.visit('localhost', '/feed/list.json')).status).toBe(401);
    const eve = await relay.person('eve');
    expect(await get('/feed/list.json', eve)).toMatchObject({
      status: 503,
      json: { code: 'device_offline' },
    });
    for (const path of ['/feed/delete.json', '/user/list.json', '/feed/list', '/feed/../user/list.json']) {
      const { status } = await relay.visit('localhost', path, { headers: { cookie: ann.cookie } });
      expect([path, status]).toEqual([path, path === '/feed/list' ? 200 : 404]);
    }
    for (const site of ['cross-site', 'same-site']) {
      const headers = { cookie: ann.cookie, 'sec-fetch-site': site };
      expect((await relay.visit('localhost', '/feed/list.json', { headers })).status).toBe(403);
    }
  });

  it('says nothing to what its list does not allow: an honest 504, and the next call is answered', async () => {
    // The server lets it through, this client does not.
    expect(await get('/demandshaper/submit.json').then(({ status }) => status)).toBe(403);
    const headers = { cookie: ann.cookie, 'sec-fetch-site': 'same-origin' };
    const { status, body } = await relay.visit('localhost', '/demandshaper/submit.json', { headers });
    expect(status).toBe(504);
    expect(JSON.parse(body)).toMatchObject({ success: false, code: 'device_timeout' });
    expect(client.lines.at(-1)).toBe('refused demandshaper/submit');
    expect((await get('/feed/list.json')).status).toBe(200);
  }, 20_000);
});

describe('a client that does not mean well', () => {
  let bob: TestPerson;
  let client: MqttClient;

  beforeAll(async () => {
    bob = await relay.person('bob');
    const { mqtt: port } = relay.relay.ports;
    client = await connectAsync(`mqtt://127.0.0.1:${port}`, { username: 'bob', password: bob.password });
    await client.subscribeAsync('user/bob/request');
  });
  afterAll(() => client.endAsync());

  it.each([
    ['rubbish', '{{{', 502, 'bad_answer'],
    ['no result', '{"request":{}}', 502, 'bad_answer'],
    ['a list', '[1]', 502, 'bad_answer'],
    ['its last words', 'DISCONNECTED', 502, 'bad_answer'],
    ['[] for no parameters', '{"request":{"data":[]},"result":[]}', 200, undefined],
    ['null', '{"result":null}', 200, undefined],
  ] as const)('answers with %s', async (_, payload, status, code) => {
    client.once('message', (_topic, message) => {
      const { clientId } = JSON.parse(message.toString());
      // For another request first, then twice.
      client.publish('user/bob/response/srv_bob_999999', '{"result":"stray"}');
      client.publish(`user/bob/response/${clientId}`, payload);
      client.publish(`user/bob/response/${clientId}`, '{"result":"again"}');
    });
    const got = await get('/feed/list.json', bob);
    expect([got.status, got.json?.code]).toEqual([status, code]);
  });

  it('that hangs up in between, is offline at once', async () => {
    client.once('message', () => client.end(true));
    expect(await get('/feed/list.json', bob)).toMatchObject({
      status: 503,
      json: { code: 'device_offline' },
    });
  });
});

describe('several homes under one account', () => {
  it('are told apart by their app passwords', async () => {
    const eva = await relay.person('eva');
    const clients: MqttClient[] = [];
    for (const name of ['flat', 'barn']) {
      const device = await relay.device(eva, name);
      const { body } = await eva.api('POST', '/api/me/app-passwords', { name, deviceId: device.id });
      const { username, password } = JSON.parse(body);
      const client = await connectAsync(`mqtt://127.0.0.1:${relay.relay.ports.mqtt}`, { username, password });
      client.on('message', (_topic, message) => {
        const { clientId, data } = JSON.parse(message.toString());
        client.publish(`user/eva/response/${clientId}`, JSON.stringify({ result: [name, data] }));
      });
      await client.subscribeAsync('user/eva/request');
      clients.push(client);
    }
    expect(await get('/feed/list.json?home=flat&id=1', eva)).toEqual({
      status: 200,
      json: ['flat', { id: '1' }],
    });
    expect(await get('/feed/list.json?home=barn', eva)).toEqual({ status: 200, json: ['barn', {}] });
    expect(await get('/feed/list.json', eva)).toMatchObject({ status: 409, json: { code: 'conflict' } });
    expect(await get('/feed/list.json?home=shed', eva)).toMatchObject({ status: 503 });
    await Promise.all(clients.map((client) => client.endAsync()));
  });
});
