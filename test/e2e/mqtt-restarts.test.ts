import {
  type ProcessPerson,
  type ProcessRelay,
  type RunningPostgres,
  requirePostgres,
  startPostgres,
  startProcessRelay,
} from '@porchlight/testkit';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const postgres = await requirePostgres();
const MESSAGES = 400;

describe.each([
  { database: 'SQLite', missing: undefined },
  { database: 'PostgreSQL', missing: postgres.missing },
])(
  'MQTT, killed between publish and acknowledgement, with its records in $database',
  ({ database, missing }) => {
    describe.skipIf(missing !== undefined)(missing ?? '', () => {
      let server: RunningPostgres | undefined;
      let relay: ProcessRelay;
      let ann: ProcessPerson;
      const clients: MqttClient[] = [];

      beforeAll(async () => {
        if (database === 'PostgreSQL') server = await startPostgres();
        relay = await startProcessRelay(server === undefined ? {} : { flags: ['--database', server.url] });
        ann = await relay.person('ann', 'admin');
      });
      afterAll(async () => {
        for (const client of clients) client.end(true);
        await relay?.close();
        await server?.stop();
      });

      const start = (clientId: string, options: IClientOptions = {}): MqttClient => {
        const client = mqtt.connect(`mqtt://127.0.0.1:${relay.ports.mqtt}`, {
          ...{ username: ann.name, password: ann.password, clientId, clean: false, reconnectPeriod: 50 },
          ...options,
        });
        client.on('error', () => undefined);
        clients.push(client);
        return client;
      };

      it('loses nothing that was acknowledged, and hands on QoS 2 once', async () => {
        const heard = { live: [] as string[], away: [] as string[] };
        const subscribe = async (name: keyof typeof heard) => {
          const client = start(name);
          client.on('message', (_topic, payload) => heard[name].push(payload.toString()));
          await client.subscribeAsync('user/ann/log/#', { qos: 2 });
          return client;
        };
        await subscribe('live');
        await (await subscribe('away')).endAsync();
        const publisher = start('publisher');
        await publisher.publishAsync('user/ann/kept', 'still there', { qos: 1, retain: true });
        const acknowledged = new Set<string>();
        let published = 0;
        const more = () => {
          const text = `${published % 2 === 0 ? 'one' : 'two'} ${published}`;
          published += 1;
          publisher.publish('user/ann/log/x', text, { qos: text.startsWith('one') ? 1 : 2 }, (error) => {
            if (!error) acknowledged.add(text);
            if (published < MESSAGES) more();
          });
        };
        for (let under = 0; under < 20; under += 1) more();
        for (const kill of [MESSAGES / 5, MESSAGES / 2]) {
          await expect.poll(() => acknowledged.size, { timeout: 30_000 }).toBeGreaterThan(kill);
          await relay.program.stop('SIGKILL');
          await relay.start();
        }
        await expect.poll(() => acknowledged.size, { timeout: 60_000 }).toBe(MESSAGES);
        const away = start('away');
        away.on('message', (_topic, payload) => heard.away.push(payload.toString()));
        for (const name of ['live', 'away'] as const) {
          await expect
            .poll(() => [...acknowledged].filter((text) => !heard[name].includes(text)), { timeout: 30_000 })
            .toEqual([]);
          const twos = heard[name].filter((text) => text.startsWith('two'));
          expect(twos.toSorted()).toEqual([...new Set(twos)].toSorted());
          expect(new Set(heard[name]).size).toBe(MESSAGES);
        }
        const retained = start('retained', { clean: true });
        const kept = new Promise((resolve) =>
          retained.once('message', (_topic, payload) => resolve(payload.toString())),
        );
        await retained.subscribeAsync('user/ann/kept');
        expect(await kept).toBe('still there');
      }, 180_000);
    });
  },
);
