import type {
  AppPassword,
  EnrolledDevice,
  MadeMqttCredential,
  MqttConnection,
  MqttCredential,
} from '@porchlight/protocol/api';
import { bytes, printable, span, table } from '../terminal/index.ts';
import { type Command, type CommandCall, UsageError } from './command.ts';

const VERBS = 'connections, end ID, add NAME, credentials DEVICE, new DEVICE [NAME] or revoke DEVICE ID';

export const mqtt: Command = {
  usage: 'mqtt [VERB …]',
  summary: `who is connected over MQTT; ${VERBS}; --tag TAG`,
  args: [0, 3],
  options: { tag: true },
  async run(call) {
    const [verb = 'connections', first, second, ...more] = call.words.args;
    if (verb === 'connections' && first === undefined) return connections(call);
    if (first !== undefined && more.length === 0) {
      if (verb === 'end' && second === undefined) return end(call, first);
      if (verb === 'add' && second === undefined) return add(call, first);
      if (verb === 'credentials' && second === undefined) return credentials(call, first);
      if (verb === 'new') return make(call, first, second ?? '');
      if (verb === 'revoke' && second !== undefined) return revoke(call, first, second);
    }
    throw new UsageError(`say "mqtt" with one of: ${VERBS}`);
  },
};

export const appPasswords: Command = {
  usage: 'app-passwords [revoke ID]',
  summary: 'passwords of programs that speak MQTT in your name; they are made in a browser',
  args: [0, 2],
  async run(call) {
    const [verb, id] = call.words.args;
    if (verb !== undefined) {
      if (verb !== 'revoke' || id === undefined) throw new UsageError('say "app-passwords revoke ID"');
      await call.api('DELETE', `/api/me/app-passwords/${encodeURIComponent(id)}`);
      return revoked(call, id);
    }
    const found = await call.list<AppPassword>('/api/me/app-passwords');
    if (call.words.json) return call.printJson(found);
    if (found.length === 0) return call.print('no app passwords');
    listed(call, found);
  },
};

async function connections(call: CommandCall): Promise<void> {
  const found = await call.list<MqttConnection>('/api/mqtt-connections?limit=500');
  if (call.words.json) return call.printJson(found);
  if (found.length === 0) return call.print('nobody is connected over MQTT');
  const now = call.now();
  const rows = found.map((one) => [
    ...[one.id, one.deviceName ?? '', WHO[one.kind], printable(one.clientId), DOORS[one.door]],
    ...[one.address, span(now - one.since), bytes(one.bytesIn), bytes(one.bytesOut)],
  ]);
  const head = ['ID', 'DEVICE', 'SIGNED IN BY', 'CLIENT', 'WAY', 'ADDRESS', 'SINCE', 'IN', 'OUT'];
  call.print(table([head, ...rows]));
}

const WHO = { account: 'password', 'app-password': 'app password', device: 'credential' };
const DOORS = { mqtt: 'MQTT', mqtts: 'MQTT over TLS', https: 'HTTPS port', websocket: 'WebSocket' };

async function end(call: CommandCall, id: string): Promise<void> {
  await call.api('DELETE', `/api/mqtt-connections/${encodeURIComponent(id)}`);
  if (call.words.json) call.printJson({ id });
  else call.print('ended; it may come back');
}

async function add(call: CommandCall, name: string): Promise<void> {
  const body = { name, mqtt: true, tags: call.words.all('tag') };
  const device = await call.api<EnrolledDevice>('POST', '/api/devices', body);
  if (call.words.json) return call.printJson(device);
  if (device.mqtt !== undefined) made(call, device.mqtt);
}

async function credentials(call: CommandCall, name: string): Promise<void> {
  const device = await call.device(name);
  const found = await call.list<MqttCredential>(`/api/devices/${device.id}/mqtt-credentials`);
  if (call.words.json) return call.printJson(found);
  if (found.length === 0) return call.print(`${device.name} has no MQTT credentials`);
  listed(call, found);
}

async function make(call: CommandCall, deviceName: string, name: string): Promise<void> {
  const device = await call.device(deviceName);
  const url = `/api/devices/${device.id}/mqtt-credentials`;
  const credential = await call.api<MadeMqttCredential>('POST', url, { name });
  if (call.words.json) return call.printJson(credential);
  made(call, credential);
}

async function revoke(call: CommandCall, deviceName: string, id: string): Promise<void> {
  const device = await call.device(deviceName);
  await call.api('DELETE', `/api/devices/${device.id}/mqtt-credentials/${encodeURIComponent(id)}`);
  revoked(call, id);
}

/** The password alone goes to standard output, for `PASSWORD=$(…)`. */
function made(call: CommandCall, { username, password }: MadeMqttCredential): void {
  call.print(password);
  call.terminal.err(`the password of the MQTT user ${username}; it is shown here and never again\n`);
}

function revoked(call: CommandCall, id: string): void {
  if (call.words.json) call.printJson({ id });
  else call.print('revoked; its connections have ended');
}

function listed(call: CommandCall, found: readonly (MqttCredential | AppPassword)[]): void {
  const now = call.now();
  const rows = found.map(({ id, name, createdAt, lastUsedAt }) => [
    ...[id, printable(name), `${span(now - createdAt)} ago`],
    lastUsedAt === undefined ? 'never' : `${span(now - lastUsedAt)} ago`,
  ]);
  call.print(table([['ID', 'NAME', 'MADE', 'LAST USED'], ...rows]));
}
