import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { openStores, type Stores } from '../storage/index.ts';
import { type LogFields, type Logger, silentLogger } from '../telemetry/index.ts';
import { accountScope, type MqttIdentity } from './identity.ts';
import { CONNECTIONS_MAX, KEPT_SESSIONS_MAX, PACKET_BYTES_MAX, QUEUE_MAX, RETAINED_MAX } from './limits.ts';
import { MqttBroker } from './mqtt-broker.ts';

/** Each limit of the broker, as clients meet it: the protocol's own answer, a line in the log, and others unharmed. */
describe('a client that wants more than there is', () => {
  let stores: Stores;
  let broker: MqttBroker;
  let server: net.Server;
  let log: { event: string; fields: LogFields }[];
  const clients: MqttClient[] = [];
  const sockets: net.Socket[] = [];
  const ids = new Map<string, string>();

  beforeEach(async () => {
    log = [];
    const note = (fields: LogFields, event: string) => void log.push({ fields, event });
    const logger: Logger = { ...silentLogger, warn: note, info: note };
    stores = await openStores({ kind: 'sqlite', file: ':memory:' });
    for (const [name, id] of [
      ['ann', '0123456789abcdef01234567'],
      ['bob', '123456789abcdef012345678'],
    ] as const) {
      ids.set(name, id);
      await stores.accounts.insert({ id, name, role: 'member', passwordHash: '', createdAt: 1 });
    }
    const identify = async ({ user }: { user: string }): Promise<MqttIdentity> => {
      const accountId = ids.get(user) ?? '';
      return {
        ...{ kind: 'account', scope: accountScope(accountId), label: user, accountId },
        ...{ deviceId: undefined, deviceName: undefined, credentialId: undefined },
        prefixes: [`user/${user}/`],
      };
    };
    broker = await MqttBroker.open({
      ...{ store: stores.mqttMessages, logins: { identify }, clock: systemClock, logger },
      enter: () => () => undefined,
    });
    server = net.createServer({ noDelay: true }, (socket) =>
      broker.accept(socket, { address: '127.0.0.1', door: 'mqtt' }),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.end(true);
    for (const socket of sockets.splice(0)) socket.destroy();
    await broker.close();
    server.close();
    await stores.close();
  });

  const port = () => (server.address() as AddressInfo).port;

  async function connect(user = 'ann', more: IClientOptions = {}): Promise<MqttClient> {
    const client = mqtt.connect({
      host: '127.0.0.1',
      port: port(),
      username: user,
      reconnectPeriod: 0,
      ...more,
    });
    clients.push(client);
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', reject);
      client.once('close', () => reject(new Error('closed')));
    });
    return client;
  }

  /** The return code of the CONNACK. */
  const codeOf = (connecting: Promise<MqttClient>): Promise<unknown> =>
    connecting.then(
      () => 0,
      (error: unknown) => (error instanceof Error ? Reflect.get(error, 'code') : error),
    );

  const closed = (client: MqttClient): Promise<void> =>
    new Promise((resolve) => void client.once('close', () => resolve()));

  const told = (event: string): LogFields[] =>
    log.filter((line) => line.event === event).map(({ fields }) => fields);

  /** Whatever one does, another is served. */
  async function othersAreServed(): Promise<void> {
    const [reader, writer] = [await connect('bob'), await connect('bob')];
    await reader.subscribeAsync('user/bob/#', { qos: 1 });
    const heard = new Promise((resolve) => void reader.once('message', resolve));
    await writer.publishAsync('user/bob/x', 'x', { qos: 1 });
    expect(await heard).toBe('user/bob/x');
  }

  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  };

  /** A socket that has signed in, to send packets that no library would. */
  async function raw(user = 'ann'): Promise<net.Socket> {
    const socket = net.connect(port(), '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    const body = Buffer.concat([text('MQTT'), Buffer.from([4, 0x82, 0, 0]), text('raw'), text(user)]);
    socket.write(Buffer.concat([Buffer.from([0x10, body.length]), body]));
    const [connack] = await once(socket, 'data');
    expect([...(connack as Buffer)]).toEqual([0x20, 2, 0, 0]);
    return socket;
  }

  it('connections: CONNACK 3 for one more, and again a place when one goes', async () => {
    const all = await Promise.all(Array.from({ length: CONNECTIONS_MAX }, () => connect()));
    expect(await codeOf(connect())).toBe(3);
    expect(told('MQTT client refused')).toMatchObject([{ user: 'ann', returnCode: 3 }]);
    await othersAreServed();
    await all[0]?.endAsync();
    await expect.poll(() => codeOf(connect())).toBe(0);
  });

  it('kept sessions: CONNACK 3 for one more; those there are go on', async () => {
    for (let n = 0; n < KEPT_SESSIONS_MAX; n += 1) {
      await (await connect('ann', { clientId: `kept${n}`, clean: false })).endAsync();
    }
    expect(await codeOf(connect('ann', { clientId: 'one-more', clean: false }))).toBe(3);
    expect(told('MQTT client refused')).toMatchObject([
      { why: expect.stringContaining('sessions are kept') },
    ]);
    expect(await codeOf(connect('ann', { clientId: 'kept7', clean: false }))).toBe(0);
    expect(await codeOf(connect('bob', { clientId: 'kept', clean: false }))).toBe(0);
    expect(await codeOf(connect('ann', { clientId: 'clean' }))).toBe(0);
    // A clean session under its name ends a kept one, and makes room.
    await (await connect('ann', { clientId: 'kept8' })).endAsync();
    expect(await codeOf(connect('ann', { clientId: 'one-more', clean: false }))).toBe(0);
  });

  it.each([
    ['longer than there is place for', 'x'.repeat(129), true],
    ['with a control character', 'a\u0007b', true],
    ['none, for a session that is to be kept', '', false],
  ])('client id %s: CONNACK 2', async (_what, clientId, clean) => {
    // The library itself would put in one of its own.
    const socket = net.connect(port(), '127.0.0.1');
    sockets.push(socket);
    const flags = clean ? 0x82 : 0x80;
    const body = Buffer.concat([text('MQTT'), Buffer.from([4, flags, 0, 0]), text(clientId), text('ann')]);
    const length = body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7];
    socket.write(Buffer.concat([Buffer.from([0x10, ...length]), body]));
    const [connack] = await once(socket, 'data');
    expect([...(connack as Buffer)]).toEqual([0x20, 2, 0, 2]);
    expect(told('MQTT client refused')).toMatchObject([{ returnCode: 2 }]);
  });

  it('the queue of a kept session: what comes after is not kept for it, and its publisher and others do not notice', async () => {
    const away = await connect('ann', { clientId: 'away', clean: false });
    await away.subscribeAsync('user/ann/#', { qos: 1 });
    await away.endAsync();
    const [publisher, there] = [await connect(), await connect()];
    let heard = 0;
    there.on('message', () => (heard += 1));
    await there.subscribeAsync('user/ann/#', { qos: 1 });
    const all = Array.from({ length: QUEUE_MAX + 5 }, (_, n) => String(n));
    await Promise.all(all.map((n) => publisher.publishAsync('user/ann/x', n, { qos: 1 })));
    await expect.poll(() => heard, { timeout: 10_000 }).toBe(all.length);
    expect(told('MQTT queue full, message not kept').length).toBeGreaterThan(0);
    const back: string[] = [];
    const again = mqtt.connect({
      ...{ host: '127.0.0.1', port: port(), username: 'ann', clientId: 'away', clean: false },
    });
    clients.push(again);
    again.on('message', (_topic, payload) => back.push(payload.toString()));
    await expect.poll(() => back.length, { timeout: 15_000 }).toBe(QUEUE_MAX);
    expect(back).toEqual(all.slice(0, QUEUE_MAX));
    // There is place again.
    await publisher.publishAsync('user/ann/x', 'more', { qos: 1 });
    await expect.poll(() => back.at(-1)).toBe('more');
  });

  it('retained messages of an account: the connection ends at one more; to replace and to clear one is allowed', async () => {
    const client = await connect();
    const retain = { qos: 1, retain: true } as const;
    const topics = Array.from({ length: RETAINED_MAX }, (_, n) => `user/ann/r/${n}`);
    await Promise.all(topics.map((topic) => client.publishAsync(topic, 'x', retain)));
    const ended = closed(client);
    client.publish('user/ann/r/more', 'x', retain);
    await ended;
    expect(told('MQTT client ended')).toMatchObject([
      { who: 'ann', reason: expect.stringContaining('retained') },
    ]);
    await othersAreServed();
    const next = await connect();
    await next.publishAsync('user/ann/r/1', 'other', retain);
    await next.publishAsync('user/ann/r/0', '', retain);
    await next.publishAsync('user/ann/r/more', 'x', retain);
    const bobs = await connect('bob');
    await bobs.publishAsync('user/bob/r', 'x', retain);
  });

  it('QoS 2 messages that are never released: the connection ends', async () => {
    const socket = await raw();
    const gone = once(socket, 'close');
    const topic = text('user/ann/x');
    for (let n = 1; n <= 150; n += 1) {
      const body = Buffer.concat([topic, Buffer.from([n >> 8, n & 0xff])]);
      socket.write(Buffer.concat([Buffer.from([0x34, body.length]), body]));
    }
    await gone;
    expect(told('MQTT client disconnected')).toMatchObject([{ reason: expect.stringContaining('100') }]);
    await othersAreServed();
  });

  it.each([
    ['a packet', Buffer.alloc(PACKET_BYTES_MAX + 1), 'user/ann/x', /too long/],
    ['a topic', Buffer.from('x'), `user/ann/${'x'.repeat(520)}`, /not its own/],
  ])('%s that is too long: the connection ends', async (_what, payload, topic, reason) => {
    const client = await connect();
    const ended = closed(client);
    client.publish(topic, payload, { qos: 1 });
    await ended;
    expect(told('MQTT client ended')).toMatchObject([{ who: 'ann', reason: expect.stringMatching(reason) }]);
    await othersAreServed();
  });

  it('a topic with too many levels: the connection ends', async () => {
    const client = await connect();
    const ended = closed(client);
    client.publish(`user/ann/${'x/'.repeat(40)}x`, 'x');
    await ended;
    await expect
      .poll(() => told('MQTT client disconnected'))
      .toMatchObject([{ who: 'ann', reason: expect.stringContaining('levels') }]);
  });

  it('packets of any kind in a flood: the connection ends', async () => {
    const socket = await raw();
    const gone = once(socket, 'close');
    socket.resume();
    const pings = Buffer.alloc(2 * 30_000, Buffer.from([0xc0, 0]));
    socket.write(pings);
    await gone;
    expect(told('MQTT client ended')).toMatchObject([{ reason: 'too many packets' }]);
    await othersAreServed();
  });

  it('publishing too fast: it is made to wait, nothing is lost, and others are served meanwhile', async () => {
    const [fast, reader] = [await raw(), await connect()];
    let heard = 0;
    reader.on('message', () => (heard += 1));
    await reader.subscribeAsync('user/ann/#', { qos: 0 });
    const body = Buffer.concat([text('user/ann/x'), Buffer.from('x')]);
    const one = Buffer.concat([Buffer.from([0x30, body.length]), body]);
    // A thousand more than may come at once: a second's worth.
    fast.write(Buffer.concat(Array<Buffer>(6_000).fill(one)));
    await othersAreServed();
    await expect.poll(() => heard, { timeout: 20_000 }).toBe(6_000);
    expect(told('MQTT client ended')).toEqual([]);
  });

  it.each([
    ['a reserved type', [0x00, 0x00]],
    ['type 15, which 3.1.1 has not', [0xf0, 0x00]],
    ['a second CONNECT', [0x10, 0x0c, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 0]],
    ['a PUBLISH of quality 3', [0x36, 0x04, 0, 1, 0x61, 0x62]],
    ['a SUBSCRIBE without filters', [0x82, 0x02, 0, 1]],
    ['a SUBSCRIBE with wrong flags', [0x80, 0x06, 0, 1, 0, 1, 0x61, 0]],
    ['a SUBSCRIBE of quality 3', [0x82, 0x06, 0, 1, 0, 1, 0x61, 3]],
    ['a topic that ends beyond its packet', [0x30, 0x03, 0x7f, 0xff, 0x61]],
    ['a CONNACK, which only brokers send', [0x20, 0x02, 0, 0]],
    ['a length of five bytes', [0x30, 0xff, 0xff, 0xff, 0xff, 0x01]],
  ])('%s: the connection ends, and nobody else notices', async (_what, bytes) => {
    const socket = await raw();
    const gone = once(socket, 'close');
    socket.resume();
    socket.write(Buffer.from(bytes));
    await gone;
    await expect.poll(() => log.filter(({ event }) => /ended|disconnected/.test(event))).not.toEqual([]);
    await othersAreServed();
  });
});
