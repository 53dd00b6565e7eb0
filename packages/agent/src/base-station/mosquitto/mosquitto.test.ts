import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningProgram, requireProgram, startProgram } from '@porchlight/testkit';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../clock.ts';
import { type AgentConfig, AgentConfigFile } from '../../config/index.ts';
import type { Logger } from '../../log/index.ts';
import { type BaseStation, openBaseStation } from '../base-station.ts';

vi.setConfig({ testTimeout: 90_000 });

const { path: program = '', missing } = await requireProgram('mosquitto', 'mosquitto', {
  folders: ['/usr/sbin'],
});

let folder: string;
let mosquitto: RunningProgram;
let station: BaseStation;
let port: number;
const logged: string[] = [];
const clients: MqttClient[] = [];

describe.skipIf(missing !== undefined)(`a mosquitto in place of our own broker ${missing ?? ''}`, () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-mosquitto-'));
    port = await freePort();
    const file = (name: string) => join(folder, name);
    await writeFile(
      file('mosquitto.conf'),
      [
        ...[`listener ${port} 127.0.0.1`, 'allow_anonymous false', `pid_file ${file('pid')}`, 'user root'],
        ...[`password_file ${file('passwords')}`, `acl_file ${file('acl')}`, 'connection_messages true'],
      ].join('\n'),
    );
    await new AgentConfigFile(folder).setBaseStation({
      ...{ http: '127.0.0.1:0', mqtt: `127.0.0.1:${port}`, mqtts: 'off' },
      mosquitto: {
        ...{ passwordFile: file('passwords'), aclFile: file('acl') },
        reload: { pidFile: file('pid') },
      },
    });
    const { baseStation: settings } = await new AgentConfigFile(folder).read();
    const write = (_fields: object, message: string) => void logged.push(message);
    const logger = { info: write, warn: write, error: write, debug: write } as unknown as Logger;
    station = await openBaseStation({
      ...{ dataFolder: folder, settings: settings as NonNullable<AgentConfig['baseStation']> },
      ...{ clock: systemClock, logger, isPerson: async () => true, onChange: () => undefined },
    });
    mosquitto = startProgram(program, ['-c', file('mosquitto.conf')]);
    await vi.waitFor(() => expect(mosquitto.lines.join('\n')).toMatch(/ running$/m), { timeout: 30_000 });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.end(true);
    await station.close();
    await mosquitto.stop();
    await rm(folder, { recursive: true });
  });

  const ask = () =>
    fetch(`http://127.0.0.1:${station.httpPort}/emoncms/device/auth/request.json`).then((answer) =>
      answer.text(),
    );

  async function connect(username: string, password: string): Promise<MqttClient> {
    const client = mqtt.connect({ host: '127.0.0.1', port, username, password, reconnectPeriod: 0 });
    clients.push(client);
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', reject);
    });
    return client;
  }

  it('devices get their own name and topics there, are heard, and end when they are revoked', async () => {
    expect(await ask()).toBe('request registered');
    await station.allow(station.requests.list()[0]?.id ?? '', { name: 'kitchen' });
    const [user = '', password = '', base = '', at] = (await ask()).split(':');
    expect([user, base, at]).toEqual(['kitchen', 'emon/kitchen', String(port)]);
    await station.putUser({ name: 'hub', access: 'read', password: 'a long password' });
    const signIn = (name: string, secret: string) =>
      vi.waitFor(() => connect(name, secret), { timeout: 20_000, interval: 200 });
    const [device, hub] = [await signIn(user, password), await signIn('hub', 'a long password')];
    const heard: string[] = [];
    hub.on('message', (topic, payload) => void heard.push(`${topic} ${payload.toString()}`));
    await hub.subscribeAsync('#');
    await device.publishAsync('emon/garage/power', '1', { qos: 1 });
    await vi.waitFor(
      async () => {
        await device.publishAsync(`${base}/emonesp/power`, '23.5', { qos: 1 });
        expect(station.inputs.list()).toMatchObject([
          { topic: 'emon/kitchen/emonesp/power', value: '23.5', device: station.devices()[0]?.id },
        ]);
      },
      { timeout: 20_000, interval: 200 },
    );
    expect(new Set(heard)).toEqual(new Set(['emon/kitchen/emonesp/power 23.5']));
    const closed = once(device as unknown as NodeJS.EventEmitter, 'close');
    await station.revoke(station.devices()[0]?.id ?? '');
    await closed;
    await expect(connect(user, password)).rejects.toThrow(/authorized|password/i);
    expect(hub.connected).toBe(true);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port: found } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return found;
}
