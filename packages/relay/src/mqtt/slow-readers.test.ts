import { once } from 'node:events';
import net from 'node:net';
import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, it } from 'vitest';

let relay: TestRelay;
let ann: TestPerson;
const clients: MqttClient[] = [];

beforeEach(async () => {
  relay = await startTestRelay();
  ann = await relay.person('ann', 'admin');
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  await relay.close();
});

async function connect(): Promise<MqttClient> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${relay.relay.ports.mqtt}`, {
    ...{ username: ann.name, password: ann.password, reconnectPeriod: 0 },
  });
  clients.push(client);
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  return client;
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};

/** A client that subscribes and then reads nothing any more. */
async function deaf(qos: number): Promise<net.Socket> {
  const socket = net.connect(relay.relay.ports.mqtt ?? 0, '127.0.0.1');
  socket.on('error', () => undefined);
  const connectBody = [
    text('MQTT'),
    Buffer.from([4, 0xc2, 0, 0]),
    text('deaf'),
    text(ann.name),
    text(ann.password),
  ];
  const body = Buffer.concat(connectBody);
  socket.write(Buffer.concat([Buffer.from([0x10, body.length]), body]));
  await once(socket, 'data');
  const filter = Buffer.concat([Buffer.from([0, 1]), text('user/ann/#'), Buffer.from([qos])]);
  socket.write(Buffer.concat([Buffer.from([0x82, filter.length]), filter]));
  await once(socket, 'data');
  socket.pause();
  return socket;
}

it('a subscriber that does not read is ended, or misses QoS 0, and holds up nobody', async () => {
  const socket = await deaf(1);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const [reader, publisher] = [await connect(), await connect()];
  let heard = 0;
  reader.on('message', () => (heard += 1));
  await reader.subscribeAsync('user/ann/#', { qos: 1 });
  const payload = Buffer.alloc(256 * 1024);
  for (let n = 0; n < 20; n += 1) await publisher.publishAsync('user/ann/x', payload, { qos: 0 });
  for (let n = 0; n < 60; n += 1) await publisher.publishAsync('user/ann/x', payload, { qos: 1 });
  await expect.poll(() => heard, { timeout: 20_000 }).toBe(80);
  // What is still in the sockets' own buffers comes first; then the end.
  socket.resume();
  await closed;
});

it('subscriptions beyond the limit are refused one by one, and the others stay', async () => {
  const client = await connect();
  const filters = Array.from({ length: 120 }, (_, n) => `user/ann/${n}`);
  const granted = await Promise.allSettled(filters.map((filter) => client.subscribeAsync(filter)));
  expect(granted.filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
  expect(client.connected).toBe(true);
});
