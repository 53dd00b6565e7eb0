import net, { type AddressInfo } from 'node:net';
import { FakeClock } from '@porchlight/testkit';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../telemetry/index.ts';
import { accountScope, type MqttIdentity } from './identity.ts';
import type { MessageStore } from './messages/message-store.ts';
import { MqttBroker } from './mqtt-broker.ts';

const ID = '0123456789abcdef01234567';
const ann: MqttIdentity = {
  ...{ kind: 'account', scope: accountScope(ID), label: 'ann', accountId: ID, prefixes: ['user/ann/'] },
  ...{ deviceId: undefined, deviceName: undefined, credentialId: undefined },
};

let broker: MqttBroker;
let server: net.Server;
let clock: FakeClock;
/** Signing in, and writing, take until this is done. */
let held: Promise<void>;
let asked: number;
const clients: MqttClient[] = [];

beforeEach(async () => {
  clock = new FakeClock();
  held = Promise.resolve();
  asked = 0;
  const store: MessageStore = {
    write: () => held,
    sessions: async () => [],
    queued: async () => [],
    sentAs: async () => undefined,
    incoming: async () => [],
    retained: async () => [],
    countRetained: async () => ({ count: 0, bytes: 0 }),
    wills: async () => [],
    endSessions: async () => [],
  };
  const identify = async () => {
    asked += 1;
    await held;
    return ann;
  };
  const enter = () => () => undefined;
  broker = await MqttBroker.open({ store, logins: { identify }, enter, clock, logger: silentLogger });
  server = net.createServer((socket) => broker.accept(socket, { address: '127.0.0.1', door: 'mqtt' }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  await broker.close();
  server.close();
});

async function connect(options: IClientOptions = {}): Promise<MqttClient> {
  const { port } = server.address() as AddressInfo;
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...options });
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
  });
  return client;
}

const closed = (client: MqttClient): Promise<void> =>
  new Promise((resolve) => client.once('close', () => resolve()));

async function listening(): Promise<string[]> {
  const heard: string[] = [];
  const client = await connect({ clientId: 'listener' });
  client.on('message', (_topic, payload) => heard.push(payload.toString()));
  await client.subscribeAsync('user/ann/#', { qos: 1 });
  return heard;
}

const say = (payload: string) =>
  broker.publish({ topic: 'user/ann/x', payload: Buffer.from(payload), qos: 0, retain: false });

describe('a thief whose credential is revoked', () => {
  it('is refused though it was just signing in', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    const coming = connect();
    await expect.poll(() => asked).toBe(1);
    broker.endWhere(({ identity }) => identity.label === 'ann', 'its credential was revoked');
    resolve();
    await expect(coming).rejects.toMatchObject({ code: 3 });
    await expect.poll(() => [...broker.connections()]).toEqual([]);
  });

  it('leaves no will', async () => {
    const heard = await listening();
    const thief = await connect({
      clientId: 'thief',
      will: { topic: 'user/ann/x', payload: Buffer.from('will'), qos: 0 },
    });
    const gone = closed(thief);
    broker.endWhere(({ clientId }) => clientId === 'thief', 'its credential was revoked');
    await gone;
    await say('after');
    await expect.poll(() => heard).toEqual(['after']);
  });

  it('publishes nothing of what it has sent too fast before', async () => {
    const heard = await listening();
    const thief = await connect({ clientId: 'thief' });
    const sent = 5_020;
    for (let n = 0; n < sent; n += 1) thief.publish('user/ann/x', 'thief');
    await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(5_000);
    await expect.poll(() => clock.waiting).toBeGreaterThan(10);
    const gone = closed(thief);
    broker.endWhere(({ clientId }) => clientId === 'thief', 'its credential was revoked');
    await gone;
    await clock.advance(1_000);
    await say('after');
    await expect.poll(() => heard.at(-1)).toBe('after');
    expect(heard.length).toBe(5_001);
  });
});

it('a message of the relay to one client does not make it miss those that are still being stored', async () => {
  const heard = await listening();
  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  const publisher = await connectHeld();
  publisher.publish('user/ann/x', 'stored', { qos: 1, retain: true });
  publisher.publish('user/ann/x', 'not stored', { qos: 0 });
  await expect.poll(() => heard).toEqual(['not stored']);
  for (const connection of broker.connections()) connection.send('user/ann/x', 'to one');
  await expect.poll(() => heard.length).toBe(2);
  resolve();
  await expect.poll(() => heard).toEqual(['not stored', 'to one', 'stored']);
});

/** Signs in while writing is held up. */
async function connectHeld(): Promise<MqttClient> {
  const writing = held;
  held = Promise.resolve();
  const client = await connect({ clientId: 'publisher' });
  held = writing;
  return client;
}
