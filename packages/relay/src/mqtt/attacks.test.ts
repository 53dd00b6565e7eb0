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
});
