/** For tests of the LAN's broker: real stores, real ports on loopback, clients of the library `mqtt`. */
import type { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { systemClock } from '../../clock.ts';
import type { Logger } from '../../log/index.ts';
import { lanNames, openAuthority, ServerCertificate } from '../authority/index.ts';
import { LanDevices } from '../devices/index.ts';
import { BaseStationUsers } from '../users/index.ts';
import { LanBroker, type LanMessage, openBrokerPorts } from './index.ts';

/** As `once`, but an error before it does not matter: a connection that is cut off may have one. */
export function happens(emitter: unknown, event: string): Promise<unknown[]> {
  return new Promise((resolve) =>
    (emitter as EventEmitter).once(event, (...values: unknown[]) => resolve(values)),
  );
}

export type BrokerRig = Awaited<ReturnType<typeof openBrokerRig>>;

export async function openBrokerRig() {
  const dataFolder = await mkdtemp(join(tmpdir(), 'porchlight-broker-'));
  const logged: { event: string; fields: object }[] = [];
  const write = (fields: object, event: string) => void logged.push({ fields, event });
  const logger = { info: write, warn: write, error: write, debug: write } as unknown as Logger;
  const heard: LanMessage[] = [];
  const users = await BaseStationUsers.open(dataFolder, () => broker.review());
  const devices = await LanDevices.open(
    dataFolder,
    () => broker.review(),
    (name) => users.byName(name) !== undefined,
  );
  const broker: LanBroker = await LanBroker.open({
    ...{ devices, users, baseTopic: 'emon', clock: systemClock, logger },
    onMessage: (message) => void heard.push(message),
  });
  const authority = await openAuthority(dataFolder, Date.now());
  const certificate = await ServerCertificate.make(authority, () => lanNames());
  const anywhere = { host: '127.0.0.1', port: 0 };
  const ports = await openBrokerPorts({
    ...{ mqtt: anywhere, mqtts: anywhere, certificate: certificate.pair },
    accept: (socket, from) => broker.accept(socket, from),
  });
  const clients: MqttClient[] = [];

  /** Rejects with the CONNACK's code in its message, or `closed`. */
  async function connect(username: string, password: string, more: IClientOptions = {}): Promise<MqttClient> {
    const client = mqtt.connect({
      ...{ host: '127.0.0.1', port: ports.mqttPort ?? 0, username, password, reconnectPeriod: 0 },
      ...more,
    });
    clients.push(client);
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', reject);
      client.once('close', () => reject(new Error('closed')));
    });
    client.on('error', () => undefined); // a connection that the broker ends
    return client;
  }

  return {
    ...{ dataFolder, logged, heard, users, devices, broker, authority, ports, connect },
    /** A device that was let in. */
    async device(name: string, node?: string) {
      const { device, password } = await devices.add({
        ...{ name, way: 'emonesp', address: '10.0.0.5', key: undefined, mac: undefined, node: undefined },
        at: 1,
      });
      if (node !== undefined) await devices.claimNode(device.id, node);
      return { id: device.id, password, connect: (more = {}) => connect(device.username, password, more) };
    },
    async close() {
      for (const client of clients) client.end(true);
      await ports.close();
      await broker.close();
      await rm(dataFolder, { recursive: true });
    },
  };
}
