import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let relay: TestRelay;
let ann: TestPerson;
let bob: TestPerson;
const clients: MqttClient[] = [];

beforeEach(async () => {
  relay = await startTestRelay();
  ann = await relay.person('ann', 'admin');
  bob = await relay.person('bob');
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  await relay.close();
});

async function connect(
  options: IClientOptions,
  url = `mqtt://127.0.0.1:${relay.relay.ports.mqtt}`,
): Promise<MqttClient> {
  const client = mqtt.connect(url, { reconnectPeriod: 0, ...options });
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('close', () => reject(new Error('closed')));
    client.once('error', reject);
  });
  return client;
}

const closed = (client: MqttClient): Promise<void> =>
  new Promise((resolve) => client.once('close', () => resolve()));

const as = (person: TestPerson, more: IClientOptions = {}): IClientOptions => ({
  username: person.name,
  password: person.password,
  ...more,
});

describe('an account', () => {
  it('signs in by name and password, and is alone with its topics', async () => {
    const [a, b] = [await connect(as(ann)), await connect(as(bob))];
    const heard: string[] = [];
    for (const client of [a, b]) client.on('message', (topic) => heard.push(topic));
    await a.subscribeAsync('user/ann/#', { qos: 1 });
    await b.subscribeAsync('user/bob/#', { qos: 1 });
    for (const filter of ['#', '+/+/x', 'user/ann/#', '$SYS/#', '$share/g/user/ann/#', 'user/#']) {
      const granted = await b.subscribeAsync(filter).catch((error: Error) => error.message);
      expect([filter, granted]).toEqual([filter, expect.stringMatching(/error|failure/i)]);
    }
    await a.publishAsync('user/ann/x', 'hello', { qos: 1 });
    await a.publishAsync(`user/${ann.id}/y`, 'hello', { qos: 2 });
    await a.subscribeAsync(`user/${ann.id}/#`);
    await a.publishAsync(`user/${ann.id}/z`, 'hello', { qos: 2 });
    await expect.poll(() => heard).toEqual(['user/ann/x', `user/${ann.id}/z`]);
  });

  it.each([
    ['a wrong password', () => ({ username: 'ann', password: 'wrong' }), 4],
    ['no such name', () => ({ username: 'nobody', password: 'wrong' }), 4],
    ['no name', () => ({}), 4],
    [
      'somebody else`s will',
      () => as(bob, { will: { topic: 'user/ann/x', payload: Buffer.from('x'), qos: 0, retain: false } }),
      5,
    ],
    ['a client id without end', () => as(bob, { clientId: 'x'.repeat(1000) }), 2],
    ['MQTT 5', () => as(bob, { protocolVersion: 5 }), undefined],
  ] as [string, () => IClientOptions, number | undefined][])(
    'is refused with %s',
    async (_, options, code) => {
      await expect(connect(options())).rejects.toMatchObject(code === undefined ? {} : { code });
    },
  );

  it('loses its connection when it publishes to somebody else`s topic', async () => {
    const b = await connect(as(bob));
    b.publish('user/ann/x', 'hello');
    await closed(b);
  });

  it('has client ids of its own: nobody takes over somebody else`s connection', async () => {
    const a = await connect(as(ann, { clientId: 'same' }));
    const b = await connect(as(bob, { clientId: 'same' }));
    expect([a.connected, b.connected]).toEqual([true, true]);
    const gone = closed(a);
    await connect(as(ann, { clientId: 'same' }));
    await gone;
    expect(b.connected).toBe(true);
  });

  it('keeps a session: what came meanwhile is there, in order, once', async () => {
    const kept = as(ann, { clientId: 'kept', clean: false });
    const first = await connect(kept);
    await first.subscribeAsync('user/ann/in/#', { qos: 2 });
    await first.endAsync();
    const other = await connect(as(ann));
    const sent = Array.from({ length: 50 }, (_, n) => `${n}`);
    for (const n of sent) await other.publishAsync('user/ann/in/x', n, { qos: n.endsWith('3') ? 2 : 1 });
    const heard: string[] = [];
    const again = mqtt.connect(`mqtt://127.0.0.1:${relay.relay.ports.mqtt}`, { ...kept, reconnectPeriod: 0 });
    clients.push(again);
    again.on('message', (_topic, payload) => heard.push(String(payload)));
    await expect.poll(() => heard.length).toBe(50);
    // Each quality of service is in order for itself: a client hands QoS 2 on after one more round trip.
    const isTwo = (n: string) => n.endsWith('3');
    expect(heard.filter(isTwo)).toEqual(sent.filter(isTwo));
    expect(heard.filter((n) => !isTwo(n))).toEqual(sent.filter((n) => !isTwo(n)));
    await again.endAsync();
    const nothing = await connect(kept);
    expect(nothing.connected).toBe(true);
    nothing.on('message', (_topic, payload) => heard.push(String(payload)));
    await nothing.publishAsync('user/ann/in/last', 'last', { qos: 1 });
    await expect.poll(() => heard.slice(50)).toEqual(['last']);
  });

  it('has retained messages and wills', async () => {
    const a = await connect(
      as(ann, { will: { topic: 'user/ann/gone', payload: Buffer.from('gone'), qos: 1, retain: true } }),
    );
    await a.publishAsync('user/ann/r', 'kept', { qos: 1, retain: true });
    a.stream.destroy();
    const heard: string[] = [];
    const b = await connect(as(ann));
    b.on('message', (topic, payload, packet) =>
      heard.push(`${topic} ${payload.toString()} ${packet.retain}`),
    );
    await b.subscribeAsync('user/ann/#');
    await expect.poll(() => heard.toSorted()).toEqual(['user/ann/gone gone true', 'user/ann/r kept true']);
  });
});

describe('doors', () => {
  it('MQTT over TLS, ALPN on the HTTPS port, WebSockets', async () => {
    const { mqtts, https, http } = relay.relay.ports;
    const urls: [string, IClientOptions][] = [
      [`mqtts://localhost:${mqtts}`, {}],
      [`mqtts://localhost:${https}`, { ALPNProtocols: ['mqtt'] }],
      [`wss://localhost:${https}/mqtt`, {}],
      [`ws://localhost:${http}/mqtt`, {}],
    ];
    const heard: string[] = [];
    const listener = await connect(as(ann));
    listener.on('message', (_topic, payload) => heard.push(String(payload)));
    await listener.subscribeAsync('user/ann/#');
    for (const [url, options] of urls) {
      const client = await connect(as(ann, { rejectUnauthorized: false, ...options }), url);
      await client.publishAsync('user/ann/x', url, { qos: 1 });
    }
    await expect.poll(() => heard).toEqual(urls.map(([url]) => url));
  });
});

it('a kept session is present when it was there before, with or without subscriptions ([MQTT-3.2.2-2])', async () => {
  const present: boolean[] = [];
  for (const clean of [false, false, true, false]) {
    const client = mqtt.connect(
      `mqtt://127.0.0.1:${relay.relay.ports.mqtt}`,
      as(ann, { clientId: 'k', clean }),
    );
    clients.push(client);
    await new Promise<void>((resolve) => {
      client.once('connect', ({ sessionPresent }) => {
        present.push(sessionPresent);
        resolve();
      });
    });
    await client.endAsync();
  }
  expect(present).toEqual([false, true, false, false]);
});

it('each subscriber gets its own quality of service, whoever else has subscribed', async () => {
  const got: string[] = [];
  for (const qos of [0, 1, 2, 1, 0] as const) {
    const client = await connect(as(ann));
    client.on('message', (_topic, _payload, packet) => got.push(`${qos} ${packet.qos}`));
    await client.subscribeAsync('user/ann/x', { qos });
  }
  const publisher = await connect(as(ann));
  await publisher.publishAsync('user/ann/x', 'x', { qos: 2 });
  await expect.poll(() => got.sort()).toEqual(['0 0', '0 0', '1 1', '1 1', '2 2']);
});

it('what comes while a kept session gets its queue is not lost, with quality of service 0 neither', async () => {
  const kept = { clientId: 'kept', clean: false };
  const before = await connect(as(ann, kept));
  await before.subscribeAsync(['user/ann/queued', 'user/ann/first'], { qos: 1 });
  await before.subscribeAsync('user/ann/none', { qos: 0 });
  await before.endAsync();
  const publisher = await connect(as(ann));
  const queued = Array.from({ length: 400 }, (_, n) => String(n));
  await Promise.all(queued.map((n) => publisher.publishAsync('user/ann/queued', n, { qos: 1 })));
  const heard = new Map<string, string[]>();
  const after = mqtt.connect(`mqtt://127.0.0.1:${relay.relay.ports.mqtt}`, as(ann, kept));
  clients.push(after);
  after.on('message', (topic, payload) => {
    heard.set(topic, [...(heard.get(topic) ?? []), payload.toString()]);
  });
  await new Promise<void>((resolve) => void after.once('connect', () => resolve()));
  const meanwhile = Array.from({ length: 40 }, (_, n) => String(n));
  await Promise.all([
    ...meanwhile.map((n) => publisher.publishAsync('user/ann/first', n, { qos: 0 })),
    ...meanwhile.map((n) => publisher.publishAsync('user/ann/none', n, { qos: n === '7' ? 1 : 0 })),
  ]);
  await expect.poll(() => heard.get('user/ann/queued')?.length, { timeout: 10_000 }).toBe(400);
  await expect.poll(() => heard.get('user/ann/none')?.length).toBe(40);
  expect(heard.get('user/ann/queued')).toEqual(queued);
  expect(heard.get('user/ann/first')).toEqual(meanwhile);
  expect(heard.get('user/ann/none')?.sort()).toEqual([...meanwhile].sort());
});

it('a relay that stops ends its clients, and their wills are published at the latest when it is there again', async () => {
  const data = await mkdtemp(join(tmpdir(), 'porchlight-mqtt-'));
  const first = await startTestRelay({ data });
  const eve = await first.person('eve', 'admin');
  const will = { topic: 'user/eve/gone', payload: Buffer.from('gone'), qos: 1, retain: true } as const;
  const url = `mqtt://127.0.0.1:${first.relay.ports.mqtt}`;
  const gone = closed(await connect(as(eve, { will }), url));
  await first.relay.close();
  await gone;
  const second = await startTestRelay({ data });
  const client = await connect(as(eve), `mqtt://127.0.0.1:${second.relay.ports.mqtt}`);
  const heard = new Promise((resolve) => {
    client.once('message', (topic, payload) => resolve(`${topic} ${payload.toString()}`));
  });
  await client.subscribeAsync('user/eve/#');
  expect(await heard).toBe('user/eve/gone gone');
  await client.endAsync();
  await second.close();
  await rm(data, { recursive: true, force: true });
});
