import { connect as connectSocket } from 'node:net';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BrokerRig, happens, openBrokerRig } from './broker-rig.ts';
import { CONNECT_BYTES_MAX, CONNECTIONS_OF, PACKET_BYTES_MAX, RETAINED_OF } from './limits.ts';

let rig: BrokerRig;
beforeEach(async () => {
  rig = await openBrokerRig();
});
afterEach(() => rig.close());

const PASSWORD = 'a long enough password';

async function reader(topic: string): Promise<{ client: MqttClient; next: () => Promise<[string, string]> }> {
  await rig.users.put({ name: 'reader', access: 'read', password: PASSWORD, at: 1 });
  const client = await rig.connect('reader', PASSWORD);
  const waiting: [string, string][] = [];
  let wake = () => undefined as unknown;
  client.on('message', (name, payload) => {
    waiting.push([name, payload.toString()]);
    wake();
  });
  await client.subscribeAsync(topic);
  return {
    client,
    async next() {
      while (waiting.length === 0) {
        await new Promise((resolve) => {
          wake = () => resolve(undefined);
        });
      }
      return waiting.shift() as [string, string];
    },
  };
}

describe('a device at the LAN’s broker', () => {
  it('publishes below its node, which its first message claims, and a program hears it', async () => {
    const { next } = await reader('emon/#');
    const kitchen = await rig.device('kitchen');
    const client = await kitchen.connect();
    await client.publishAsync('emon/emonesp/power', '23.5', { qos: 1 });
    expect(await next()).toEqual(['emon/emonesp/power', '23.5']);
    expect(rig.devices.byId(kitchen.id)?.node).toBe('emonesp');
    expect(rig.heard).toMatchObject([{ topic: 'emon/emonesp/power', who: { kind: 'device' } }]);
  });

  it('that publishes elsewhere is cut off, and nobody hears it', async () => {
    const a = await rig.device('a', 'kitchen');
    await rig.device('b', 'garage');
    for (const topic of ['emon/garage/x', 'emon/kitchen', 'emon', 'other/kitchen/x', 'emon/kitchenette/x']) {
      const client = await a.connect();
      const closed = happens(client, 'close');
      client.publish(topic, '1');
      await closed;
    }
    expect(rig.heard).toEqual([]);
    expect(rig.logged.filter(({ event }) => event === 'MQTT client ended')).toHaveLength(5);
  });

  it('cannot claim the node of another, nor a second one', async () => {
    await rig.device('a', 'kitchen');
    const b = await rig.device('b');
    for (const topic of ['emon/kitchen/x', 'emon/garage/x', 'emon/hall/x']) {
      const client = await b.connect();
      if (topic === 'emon/garage/x') await client.publishAsync(topic, '1', { qos: 1 });
      else {
        const closed = happens(client, 'close');
        client.publish(topic, '1');
        await closed;
      }
    }
    expect(rig.heard.map(({ topic }) => topic)).toEqual(['emon/garage/x']);
  });

  it('subscribes to its own topics only, and gets no others', async () => {
    const a = await (await rig.device('a', 'kitchen')).connect();
    const b = await (await rig.device('b', 'garage')).connect();
    const refused = ['#', 'emon/#', 'emon/+/x', '+/kitchen/x', 'emon/garage/#', '$SYS/#'];
    for (const topic of refused) await expect(a.subscribeAsync(topic), topic).rejects.toThrow(/subscribe/i);
    expect(await a.subscribeAsync('emon/kitchen/#', { qos: 2 })).toMatchObject([{ qos: 0 }]);
    const got: string[] = [];
    a.on('message', (topic) => void got.push(topic));
    await b.publishAsync('emon/garage/x', '1', { qos: 1 });
    const own = happens(a, 'message');
    await a.publishAsync('emon/kitchen/x', '1', { qos: 1 });
    await own;
    expect(got).toEqual(['emon/kitchen/x']);
  });

  it('a will is confined too', async () => {
    const a = await rig.device('a', 'kitchen');
    const will = (topic: string) => ({
      will: { topic, payload: Buffer.from('gone'), qos: 0, retain: false },
    });
    await expect(a.connect(will('emon/garage/status'))).rejects.toThrow(/authorized/i);
    const { next } = await reader('emon/#');
    const client = await a.connect(will('emon/kitchen/status'));
    client.stream.destroy();
    expect(await next()).toEqual(['emon/kitchen/status', 'gone']);
  });

  it.each(['rotate', 'revoke'] as const)('%s ends its connections at once, without its will', async (how) => {
    const a = await rig.device('a', 'kitchen');
    const { next } = await reader('emon/#');
    const client = await a.connect({
      will: { topic: 'emon/kitchen/status', payload: Buffer.from('gone'), qos: 0, retain: false },
    });
    const closed = happens(client, 'close');
    if (how === 'rotate') await rig.devices.rotate(a.id);
    else await rig.devices.revoke(a.id, 5);
    await closed;
    await expect(a.connect()).rejects.toThrow(/user|password|authorized/i);
    const b = await (await rig.device('b', 'garage')).connect();
    await b.publishAsync('emon/garage/x', '1', { qos: 1 });
    expect(await next()).toEqual(['emon/garage/x', '1']);
  });

  it('takes over its own client id, and not that of another device', async () => {
    const [a, b] = [await rig.device('a', 'kitchen'), await rig.device('b', 'garage')];
    const first = await a.connect({ clientId: 'esp' });
    const other = await b.connect({ clientId: 'esp' });
    expect(first.connected).toBe(true);
    const closed = happens(first, 'close');
    await a.connect({ clientId: 'esp' });
    await closed;
    expect(other.connected).toBe(true);
  });
});

describe('a program at the LAN’s broker', () => {
  it('with the right to read hears all and says nothing; with the right to write both', async () => {
    await rig.users.put({ name: 'emonhub', access: 'write', password: PASSWORD, at: 1 });
    const device = await (await rig.device('a', 'kitchen')).connect();
    await device.subscribeAsync('emon/kitchen/in/#');
    const heard = happens(device, 'message');
    const { client } = await reader('emon/#');
    const closed = happens(client, 'close');
    client.publish('emon/kitchen/in/relay', '1');
    await closed;
    const writer = await rig.connect('emonhub', PASSWORD);
    await writer.publishAsync('emon/kitchen/in/relay', '0', { qos: 1 });
    expect(String((await heard)[1])).toBe('0');
    await expect(writer.subscribeAsync('#')).rejects.toThrow();
  });

  it('is ended when it is removed or has another password', async () => {
    const { client } = await reader('emon/#');
    const closed = happens(client, 'close');
    await rig.users.remove('reader');
    await closed;
    await expect(rig.connect('reader', PASSWORD)).rejects.toThrow();
  });

  it('has a name that no device gets', async () => {
    await rig.users.put({ name: 'kitchen', access: 'read', password: PASSWORD, at: 1 });
    await rig.device('kitchen');
    expect(rig.devices.list().map(({ username }) => username)).toEqual(['kitchen-2']);
  });
});

describe('who means no good', () => {
  it('guesses passwords a few times', async () => {
    const answers: string[] = [];
    for (let n = 0; n < 22; n += 1) {
      answers.push(await rig.connect('a', `wrong ${n}`).then(String, (error: Error) => error.message));
    }
    expect(answers[0]).toMatch(/user|password/i);
    expect(answers.at(-1)).toMatch(/unavailable/i);
  });

  it('sends a CONNECT that is too long, or a packet', async () => {
    const socket = connectSocket(rig.ports.mqttPort ?? 0, '127.0.0.1');
    socket.on('error', () => undefined); // it is cut off
    socket.write(Buffer.concat([Buffer.of(0x10, 0x81, 0x10), Buffer.alloc(CONNECT_BYTES_MAX)]));
    await happens(socket, 'close');
    const client = await (await rig.device('a', 'kitchen')).connect();
    const closed = happens(client, 'close');
    client.publish('emon/kitchen/x', 'x'.repeat(PACKET_BYTES_MAX));
    await closed;
    expect(rig.logged.some(({ fields }) => JSON.stringify(fields).includes('too long'))).toBe(true);
  });

  it('opens many connections, or retains much', async () => {
    const a = await rig.device('a', 'kitchen');
    const clients: MqttClient[] = [];
    for (let n = 0; n < CONNECTIONS_OF.device; n += 1) clients.push(await a.connect({ clientId: `c${n}` }));
    await expect(a.connect({ clientId: 'one more' })).rejects.toThrow(/unavailable/i);
    const [client] = clients;
    if (client === undefined) throw new Error('no client');
    const closed = happens(client, 'close');
    for (let n = 0; n <= RETAINED_OF.device; n += 1)
      client.publish(`emon/kitchen/${n}`, '1', { retain: true });
    await closed;
    expect(rig.heard).toHaveLength(RETAINED_OF.device);
  });
});
