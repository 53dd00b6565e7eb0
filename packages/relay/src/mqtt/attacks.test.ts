import { once } from 'node:events';
import net from 'node:net';
import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let relay: TestRelay;
let ann: TestPerson;
const clients: MqttClient[] = [];
const sockets: net.Socket[] = [];

beforeEach(async () => {
  relay = await startTestRelay();
  ann = await relay.person('ann', 'admin');
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  for (const socket of sockets.splice(0)) socket.destroy();
  await relay.close();
});

async function connect(options: IClientOptions): Promise<MqttClient> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${relay.relay.ports.mqtt}`, {
    reconnectPeriod: 0,
    ...options,
  });
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('close', () => reject(new Error('closed')));
    client.once('error', reject);
  });
  return client;
}

describe('a stranger', () => {
  it('does not get past the throttle by guessing what fitted lately', async () => {
    await connect({ username: 'ann', password: ann.password });
    const codes: unknown[] = [];
    for (let n = 0; n < 6; n += 1) {
      await connect({ username: 'ann', password: `wrong ${n}` }).catch((error: { code?: unknown }) =>
        codes.push(error.code),
      );
    }
    expect(codes).toEqual([4, 4, 4, 4, 4, 3]);
    await expect(connect({ username: 'ann', password: ann.password })).rejects.toMatchObject({ code: 3 });
  });

  it('that asks to be let in cannot make the relay hold a megabyte', async () => {
    const { socket, closed } = await raw({ user: 'join' });
    // PUBLISH, of which 100 000 bytes are to come.
    socket.write(Buffer.from([0x30, 0xa0, 0x8d, 0x06]));
    await closed;
  });
});

describe('a tenant', () => {
  it.each([
    ['subscribe', 0x82],
    ['unsubscribe', 0xa2],
  ])('does not hold up the relay by ten thousand filters in one packet: %s', async (_what, type) => {
    const { socket, closed } = await raw({ user: 'ann', password: ann.password, clientId: 'kept' });
    const filters = Array.from({ length: 10_000 }, (_, n) => {
      const filter = text(`user/ann/${n}`);
      return type === 0x82 ? Buffer.concat([filter, Buffer.from([1])]) : filter;
    });
    socket.write(packet(type, Buffer.concat([Buffer.from([0, 1]), ...filters])));
    await closed;
    await connect({ username: 'ann', password: ann.password });
  });

  it('has no more than a hundred subscriptions, however they are asked for', async () => {
    const client = await connect({ username: 'ann', password: ann.password, clean: false, clientId: 'kept' });
    const some = (from: number) => Array.from({ length: 60 }, (_, n) => `user/ann/${from + n}`);
    const granted = await Promise.all(
      [some(0), some(60)].map(async (filters) => {
        const qos = client.subscribeAsync(filters, { qos: 1 }).then(
          (grants) => grants.map((grant) => grant.qos as number),
          (error: { packet?: { granted?: number[] } }) => error.packet?.granted ?? [],
        );
        return (await qos).filter((one) => one === 1).length;
      }),
    );
    expect(granted).toEqual([60, 40]);
    await client.unsubscribeAsync('user/ann/0');
    expect(await client.subscribeAsync('user/ann/new', { qos: 1 })).toMatchObject([{ qos: 1 }]);
  });
});

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};

function packet(type: number, body: Buffer): Buffer {
  const length: number[] = [];
  for (let left = body.length; ; left >>= 7) {
    length.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    if (left <= 0x7f) break;
  }
  return Buffer.concat([Buffer.from([type, ...length]), body]);
}

/** A client that has had its CONNACK, byte by byte; with a client id its session is kept. */
async function raw({
  user,
  password,
  clientId = '',
}: {
  user: string;
  password?: string;
  clientId?: string;
}) {
  const socket = net.connect(relay.relay.ports.mqtt ?? 0, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  const flags = 0x80 | (password === undefined ? 0 : 0x40) | (clientId === '' ? 2 : 0);
  const body = [text('MQTT'), Buffer.from([4, flags, 0, 0]), text(clientId), text(user)];
  if (password !== undefined) body.push(text(password));
  socket.write(packet(0x10, Buffer.concat(body)));
  const [connack] = await once(socket, 'data');
  expect([...(connack as Buffer)]).toEqual([0x20, 2, 0, 0]);
  return { socket, closed: new Promise<void>((resolve) => socket.once('close', () => resolve())) };
}
