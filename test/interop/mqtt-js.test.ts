import { readFile } from 'node:fs/promises';
import { type ProcessPerson, type ProcessRelay, startProcessRelay } from '@porchlight/testkit';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

type Way = 'plain' | 'over TLS' | 'on the HTTPS port by ALPN' | 'in a WebSocket' | 'in a WebSocket over TLS';
const WAYS: Way[] = [
  'plain',
  'over TLS',
  'on the HTTPS port by ALPN',
  'in a WebSocket',
  'in a WebSocket over TLS',
];

describe('mqtt.js', () => {
  let relay: ProcessRelay;
  let ann: ProcessPerson;
  let ca: Buffer;
  const clients: MqttClient[] = [];

  beforeAll(async () => {
    relay = await startProcessRelay();
    ann = await relay.person('ann', 'admin');
    ca = await readFile(relay.caFile);
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.end(true);
  });
  afterAll(() => relay?.close());

  /** A client that is about to connect: what comes with its CONNACK is heard. */
  function dial(way: Way, more: IClientOptions = {}): MqttClient {
    const { ports, domain } = relay;
    const named: object = { ca: [ca], servername: domain };
    const options: IClientOptions = {
      ...{ username: ann.name, password: ann.password, reconnectPeriod: 0, ca: [ca], servername: domain },
      wsOptions: { ...named },
      ...more,
    };
    const client = {
      plain: () => mqtt.connect(`mqtt://127.0.0.1:${ports.mqtt}`, options),
      'over TLS': () => mqtt.connect(`mqtts://127.0.0.1:${ports.mqtts}`, options),
      'on the HTTPS port by ALPN': () =>
        mqtt.connect(`mqtts://127.0.0.1:${ports.https}`, { ...options, ALPNProtocols: ['mqtt'] }),
      'in a WebSocket': () => mqtt.connect(`ws://localhost:${ports.http}/mqtt`, options),
      'in a WebSocket over TLS': () =>
        mqtt.connect(`wss://localhost:${ports.https}/mqtt`, {
          ...options,
          wsOptions: { ...named, headers: { host: domain } },
        }),
    }[way]();
    clients.push(client);
    return client;
  }

  async function connect(way: Way, more?: IClientOptions): Promise<MqttClient> {
    const client = dial(way, more);
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', reject);
      client.once('close', () => reject(new Error('closed')));
    });
    return client;
  }

  function heardBy(client: MqttClient): string[] {
    const heard: string[] = [];
    client.on('message', (topic, payload, { qos, retain }) =>
      heard.push(`${topic} ${payload.toString()} ${qos}${retain ? ' retained' : ''}`),
    );
    return heard;
  }

  it.each(WAYS)('%s: each quality of service, in order, both ways', async (way) => {
    const subscriber = await connect(way);
    const heard = heardBy(subscriber);
    await subscriber.subscribeAsync('user/ann/each/+', { qos: 2 });
    const publisher = await connect(way);
    const sent: string[] = [];
    for (const qos of [0, 1, 2] as const) {
      const payloads = Array.from({ length: 30 }, (_, n) => `m${n}`);
      await Promise.all(
        payloads.map((text) => publisher.publishAsync(`user/ann/each/${qos}`, text, { qos })),
      );
      sent.push(...payloads.map((text) => `user/ann/each/${qos} ${text} ${qos}`));
      await expect.poll(() => heard.length, { timeout: 5_000 }).toBe(sent.length);
    }
    expect(heard).toEqual(sent);
    const big = Buffer.alloc(300_000, 'x');
    await publisher.publishAsync('user/ann/each/big', big, { qos: 1 });
    await expect.poll(() => heard.at(-1)?.length, { timeout: 5_000 }).toBeGreaterThan(big.length);
    const listed = JSON.parse((await ann.api('GET', '/api/mqtt-connections')).body).items;
    const counts = listed.map(({ bytesIn, bytesOut }: Record<string, number>) => [bytesIn, bytesOut]);
    // Both ways are counted by every way in: the one has sent as much as the other has got.
    expect(Math.max(...counts.map(([bytesIn]: number[]) => bytesIn))).toBeGreaterThan(big.length);
    expect(Math.max(...counts.map(([, bytesOut]: number[]) => bytesOut))).toBeGreaterThan(big.length);
  });

  it.each(WAYS)('%s: retained messages come at once, until they are cleared', async (way) => {
    const publisher = await connect(way);
    await publisher.publishAsync('user/ann/kept/a', '1', { qos: 1, retain: true });
    const first = await connect(way);
    const heard = heardBy(first);
    await first.subscribeAsync('user/ann/kept/#', { qos: 1 });
    await expect.poll(() => heard).toEqual(['user/ann/kept/a 1 1 retained']);
    await publisher.publishAsync('user/ann/kept/a', '', { qos: 1, retain: true });
    const second = await connect(way);
    const nothing = heardBy(second);
    await second.subscribeAsync('user/ann/kept/#', { qos: 1 });
    await publisher.publishAsync('user/ann/kept/b', 'now', { qos: 1 });
    await expect.poll(() => nothing).toEqual(['user/ann/kept/b now 1']);
  });

  it.each(WAYS)(
    '%s: a will is published when its client vanishes, and not when it signs off',
    async (way) => {
      const heard = heardBy(await subscribed(way, 'user/ann/will/#'));
      const will = { topic: 'user/ann/will/x', payload: Buffer.from('gone'), qos: 1, retain: false } as const;
      await (await connect(way, { will })).endAsync();
      const vanishing = await connect(way, { will: { ...will, payload: Buffer.from('vanished') } });
      vanishing.stream.destroy();
      await expect.poll(() => heard, { timeout: 5_000 }).toEqual(['user/ann/will/x vanished 1']);
    },
  );

  it.each(WAYS)('%s: a kept session gets what came while it was away, and is present', async (way) => {
    const kept = { clientId: `kept ${way}`, clean: false };
    const before = await connect(way, kept);
    await before.subscribeAsync('user/ann/away', { qos: 2 });
    await before.endAsync();
    const publisher = await connect(way);
    for (const qos of [1, 2] as const)
      await publisher.publishAsync('user/ann/away', `${way} ${qos}`, { qos });
    const after = dial(way, kept);
    const heard = heardBy(after);
    const present = await new Promise((resolve) => {
      after.once('connect', ({ sessionPresent }) => resolve(sessionPresent));
    });
    expect(present).toBe(true);
    await expect.poll(() => heard).toEqual([`user/ann/away ${way} 1 1`, `user/ann/away ${way} 2 2`]);
    await after.unsubscribeAsync('user/ann/away');
  });

  async function subscribed(way: Way, topic: string): Promise<MqttClient> {
    const client = await connect(way);
    await client.subscribeAsync(topic, { qos: 1 });
    return client;
  }
});
