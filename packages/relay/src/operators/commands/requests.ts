import { PorchlightError, parseJoinCode, toDeviceName } from '@porchlight/protocol';
import type { Device, JoinRequest, LanRequest } from '@porchlight/protocol/api';
import { span, table } from '../terminal/index.ts';
import { type Command, type CommandCall, UsageError } from './command.ts';

export const requests: Command = {
  usage: 'requests',
  summary: 'devices that ask to be let in',
  args: [0, 0],
  async run(call) {
    const found = await call.list<JoinRequest>('/api/join-requests');
    const atStations = await waitingAtStations(call);
    if (call.words.json) return call.printJson([...found, ...atStations]);
    if (found.length + atStations.length === 0) return call.print('nobody asks');
    const now = call.now();
    if (atStations.length > 0) {
      const rows = atStations.map((one) => [
        ...[one.code ?? one.id, one.name, one.address, one.deviceName],
        `${span(now - one.firstAskedAt)} ago`,
      ]);
      call.print(table([['CODE', 'WIFI DEVICE', 'ADDRESS', 'BASE STATION', 'ASKED'], ...rows]));
    }
    if (found.length === 0) return;
    const rows = found.map((one) => [
      one.code,
      one.name,
      one.address,
      one.software,
      `${span(now - one.askedAt)} ago`,
      one.fingerprint,
    ]);
    call.print(table([['CODE', 'NAME', 'ADDRESS', 'SOFTWARE', 'ASKED', 'KEY'], ...rows]));
  },
};

export const allow: Command = {
  usage: 'allow CODE|ID',
  summary: 'let a device in; compare the code with what it shows; --name NAME, --tag TAG',
  args: [1, 1],
  options: { name: false, tag: true },
  async run(call) {
    const atStation = await lanRequestOf(call);
    if (atStation !== undefined) return answerAtStation(call, atStation, 'allow');
    const request = await requestOf(call);
    const name = call.words.one('name') ?? toDeviceName(request.name);
    if (name === undefined) throw new UsageError('it proposes no usable name: give one with --name');
    const body = { code: request.code, name, tags: call.words.all('tag') };
    const device = await call.api<Device>('POST', `/api/join-requests/${request.id}/allow`, body);
    if (call.words.json) call.printJson(device);
    else call.print(`${device.name} is let in${withKey(device)}`);
  },
};

export const deny: Command = {
  usage: 'deny CODE|ID',
  summary: 'turn a device away',
  args: [1, 1],
  async run(call) {
    const atStation = await lanRequestOf(call);
    if (atStation !== undefined) return answerAtStation(call, atStation, 'deny');
    const { id, code, name, fingerprint } = await requestOf(call);
    await call.api('POST', `/api/join-requests/${id}/deny`, { code });
    if (call.words.json) call.printJson({ id, name, fingerprint });
    else call.print(`turned away: ${name}, with the key ${fingerprint}`);
  },
};

function withKey({ fingerprint }: Device): string {
  return fingerprint === undefined ? ', over MQTT' : `, with the key ${fingerprint}`;
}

async function requestOf(call: CommandCall): Promise<JoinRequest> {
  const text = call.words.args[0] ?? '';
  const code = parseJoinCode(text);
  const path = code === undefined ? '/api/join-requests' : `/api/join-requests?code=${code}`;
  const found = (await call.list<JoinRequest>(path)).find((one) => code !== undefined || one.id === text);
  if (found !== undefined) return found;
  throw new PorchlightError(
    'not_found',
    'There is no join request with this code or id; "requests" shows them',
  );
}

async function waitingAtStations(call: CommandCall): Promise<LanRequest[]> {
  return (await call.list<LanRequest>('/api/lan-requests')).filter(({ state }) => state === 'waiting');
}

/** The WiFi device at a base station that this code or id is of; undefined: it is of none. */
async function lanRequestOf(call: CommandCall): Promise<LanRequest | undefined> {
  const text = call.words.args[0] ?? '';
  if (parseJoinCode(text) !== undefined) return undefined;
  const digits = text.replace(/[\s-]/g, '');
  const found = (await waitingAtStations(call)).filter(
    ({ id, code }) => id === text || (code !== undefined && code.replace('-', '') === digits),
  );
  if (found.length > 1) throw new UsageError('that is the code of several: say the id, of "requests --json"');
  return found[0];
}

async function answerAtStation(
  call: CommandCall,
  { id, deviceId, deviceName, code, name: proposed }: LanRequest,
  answer: 'allow' | 'deny',
): Promise<void> {
  const name = (answer === 'allow' ? call.words.one('name') : undefined) ?? proposed;
  if (answer === 'allow' && call.words.all('tag').length > 0) {
    throw new UsageError('a WiFi device at a base station has no tags: leave --tag out');
  }
  await call.api('POST', `/api/devices/${deviceId}/lan-requests/${id}/${answer}`, {
    ...(code === undefined ? {} : { code }),
    ...(answer === 'allow' ? { name } : {}),
  });
  if (call.words.json) return call.printJson({ id, name, deviceName });
  call.print(
    answer === 'allow' ? `${name} is let in at ${deviceName}` : `turned away: ${name} at ${deviceName}`,
  );
}
