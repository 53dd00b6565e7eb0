import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { rpcTopics } from '@porchlight/protocol/rpc';
import {
  type RunningProgram,
  requireProgram,
  startProgram,
  startTestRelay,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const DEVICE = join(import.meta.dirname, '../../examples/http-over-mqtt/device.py');
const paho = await requireProgram('paho', 'python3-paho-mqtt', {
  folders: ['/usr/lib/python3/dist-packages'],
});

let relay: TestRelay;
let ann: TestPerson;
let password: string;
let id: string;
const ends: (() => unknown)[] = [];

/** A device that has a record, and credentials for MQTT, and nothing else. */
beforeEach(async () => {
  relay = await startTestRelay({ metrics: '0' });
  ann = await relay.person('ann', 'admin');
  const key = Buffer.concat([Buffer.from('0000000b7373682d6564323535313900000020', 'hex'), randomBytes(32)]);
  const publicKey = `ssh-ed25519 ${key.toString('base64')}`;
  const made = await ann.api('POST', '/api/devices', { name: 'shed', publicKey });
  id = JSON.parse(made.body).id;
  const credential = await ann.api('POST', `/api/devices/${id}/mqtt-credentials`, { name: 'firmware' });
  password = JSON.parse(credential.body).password;
});

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await relay.close();
});

/** Waits until the relay knows that the device offers its service, and opens it to everybody. */
async function offered(access = 'public'): Promise<void> {
  const service = async (): Promise<unknown> => {
    const { body } = await ann.api('GET', `/api/devices/${id}`);
    const device = JSON.parse(body);
    return [device.link.transport, device.services[0]?.kind, device.services[0]?.offered];
  };
  await expect.poll(service, { timeout: 15_000, interval: 20 }).toEqual(['mqtt', 'rpc', true]);
  const changed = await ann.api('PATCH', `/api/devices/${id}/services/web`, { access });
  expect(changed.status).toBeLessThan(300);
}

const visit = (path: string, ask = {}) => relay.visit('web--shed.localhost', path, ask);

function post(path: string, body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = {
      ...{ host: '127.0.0.1', port: relay.port, path, method: 'POST' },
      headers: { host: `web--shed.localhost:${relay.port}`, 'content-type': 'image/x' },
    };
    http
      .request(options, (answer) => {
        expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'image/x']);
        buffer(answer).then(resolve, reject);
      })
      .on('error', reject)
      .end(body);
  });
}

describe.skipIf(paho.missing !== undefined)(`a Python program with paho ${paho.missing ?? ''}`, () => {
  let program: RunningProgram;

  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'porchlight-paho-'));
    const file = join(folder, 'password');
    await writeFile(file, password);
    const port = String(relay.relay.ports.mqtt);
    program = startProgram('/usr/bin/python3', [
      ...[DEVICE, '--host', '127.0.0.1', '--port', port, '--user', 'shed', '--password-file', file],
      '--insecure-plain',
    ]);
    ends.push(
      () => program.stop(),
      () => rm(folder, { recursive: true }),
    );
  });

  it('is a web service like any other, with its access mode', async () => {
    await offered('login');
    expect((await visit('/')).status).toBe(401);
    const cookie = await relay.signOn(ann, 'web--shed.localhost');
    expect(await visit('/', { headers: { cookie } })).toMatchObject({
      status: 200,
      body: 'hello from python\n',
    });
    expect((await visit('/nowhere', { headers: { cookie } })).status).toBe(404);
    expect(JSON.parse((await visit('/secret', { headers: { cookie } })).body)).toMatchObject({
      status: 403,
      code: 'denied_by_device',
    });
    const probe = await ann.api('POST', `/api/devices/${id}/services/web/probe`);
    expect(JSON.parse(probe.body)).toMatchObject({ ok: true });
  });

  it('gets and gives bodies of any bytes that no message could hold, several at once', async () => {
    await offered();
    const bodies = Array.from({ length: 6 }, (_, n) => randomBytes(n * 90_000 + 1));
    const echoed = await Promise.all(bodies.map((body) => post('/echo', body)));
    for (const [n, body] of bodies.entries()) expect(echoed[n]?.equals(body)).toBe(true);
  });

  it('is offline when it is', async () => {
    await offered();
    await program.stop();
    await expect.poll(async () => (await visit('/')).status).toBe(503);
  });
});

describe('a device that errs', () => {
  let client: MqttClient;
  const topics = rpcTopics('shed');

  async function device(answer: (id: string, target: string) => void): Promise<void> {
    client = mqtt.connect(`mqtt://127.0.0.1:${relay.relay.ports.mqtt}`, {
      ...{ username: 'shed', password, reconnectPeriod: 0 },
    });
    ends.push(() => client.endAsync(true));
    client.on('error', () => undefined);
    client.on('message', (_topic, payload) => {
      const [word, request = '', , , , , target = ''] =
        payload.toString('latin1').split('\n')[0]?.split(' ') ?? [];
      if (word === 'request') answer(request, target);
    });
    await client.subscribeAsync(topics.request);
    const services = { rpc: 1, services: ['web'], timeout: 500, concurrent: 4 };
    await client.publishAsync(topics.services, JSON.stringify(services), { retain: true, qos: 1 });
    await offered();
  }

  const say = (text: string): void => void client.publish(topics.response, text);
  const good = (request: string): void => say(`response ${request} last 200\n\ngood`);
  const dropped = async (why: string): Promise<string | undefined> => {
    const page = await (await fetch(`http://127.0.0.1:${relay.relay.ports.metrics}/metrics`)).text();
    return new RegExp(`porchlight_rpc_dropped_total\\{why="${why}"\\} (\\d+)`).exec(page)?.[1];
  };

  it('by answering twice, never, late or with rubbish, gets clear errors; others are unharmed', async () => {
    const late: string[] = [];
    await device((request, target) => {
      if (target === '/late') late.push(request);
      else if (target === '/rubbish') say('{"status":200}');
      else if (target === '/wrong') say(`response ${request} last OK\n\n`);
      else if (target !== '/never') good(request);
      if (target === '/twice') good(request);
    });
    const [twice, never, tooLate, wrong, fine] = await Promise.all(
      ['/twice', '/never', '/late', '/wrong', '/fine'].map((path) => visit(path)),
    );
    expect([twice?.body, fine?.body]).toEqual(['good', 'good']);
    expect([never?.status, tooLate?.status, wrong?.status]).toEqual([504, 504, 502]);
    const rubbish = await visit('/rubbish');
    expect(JSON.parse(rubbish.body)).toMatchObject({ status: 502, code: 'bad_answer' });
    for (const request of late) good(request);
    // The second of two is a duplicate, or late, as its visitor's answer was still on its way or not.
    await expect.poll(async () => Number(await dropped('late')) + Number(await dropped('duplicate'))).toBe(2);
    expect((await visit('/fine')).body).toBe('good');
    expect(await dropped('rubbish')).toBe('2');
  });

  it('takes its services back, and offers them again', async () => {
    await device((request) => good(request));
    expect((await visit('/')).body).toBe('good');
    await client.publishAsync(topics.services, '', { qos: 1, retain: true });
    expect((await visit('/')).status).toBe(503);
    await client.publishAsync(topics.services, '{"rpc":1,"services":["web"]}', { qos: 1 });
    expect((await visit('/')).body).toBe('good');
  });
});
