import type { BaseStationView } from '@porchlight/agent';
import { harmless, print, span, styled, table } from '../../terminal/index.ts';

export function showStation(view: BaseStationView): void {
  const { ports, requests, devices, inputs, pairing, discovery } = view;
  const port = (value: number | undefined) => (value === undefined ? 'closed' : `port ${value}`);
  const waiting = requests.filter(({ state }) => state === 'waiting').length;
  print(
    table([
      ['Host name', hostNameOf(view)],
      ['Devices ask at', port(ports.http)],
      ['MQTT', port(ports.mqtt)],
      ['MQTT with TLS', port(ports.mqtts)],
      ['Topics', `${view.baseTopic}/NODE/…`],
      ['EmonESP', view.emonesp ? 'let in too, unencrypted as its firmware wants it' : 'not let in'],
      ['Key', `SHA256:${view.fingerprint}`],
      ['Pairing', pairing.until === undefined ? 'off' : `on for another ${span(pairing.until - Date.now())}`],
      ['Requests', waiting === 0 ? 'none' : styled.warning(`${waiting} wait for you`)],
      ['Devices', String(devices.filter(({ revokedAt }) => revokedAt === undefined).length)],
      ['Inputs', String(inputs.length)],
    ]),
  );
  for (const problem of discovery.problems) print(styled.warning(harmless(problem)));
  for (const { message, lastAt } of discovery.notices)
    print(`${styled.warning(harmless(message))}, ${ago(lastAt)}`);
}

function hostNameOf({ discovery: { hostName, wanted } }: BaseStationView): string {
  if (hostName === undefined) return 'not published';
  return hostName === wanted ? hostName : styled.warning(`${hostName}, since another has ${wanted}`);
}

export function showRequests({ requests, denied }: BaseStationView): void {
  if (requests.length === 0) print('No device asks to be let in.');
  else {
    const rows = requests.map(({ id, name, way, address, mac, code, times, askedAt, state }) => [
      id,
      code === undefined ? '-' : styled.strong(code),
      harmless(name),
      [address, mac ?? ''].join(' ').trim(),
      way,
      state === 'allowed' ? 'allowed, not fetched yet' : `${times} times, ${ago(askedAt)}`,
    ]);
    print(table([['ID', 'CODE', 'NAME', 'ADDRESS', 'WAY', 'ASKED'], ...rows]));
  }
  if (denied.length === 0) return;
  const rows = denied.map(({ id, name, address, deniedAt }) => [id, harmless(name), address, ago(deniedAt)]);
  print(`\nDenied; "porchlight agent base-station forget ID" lets one ask again:`);
  print(table([['ID', 'NAME', 'ADDRESS', 'DENIED'], ...rows]));
}

export function showDevices({ devices, baseTopic }: BaseStationView): void {
  if (devices.length === 0) return print('No WiFi device was let in yet.');
  const rows = devices.map((device) => [
    device.id,
    harmless(device.name),
    device.node === undefined ? '-' : `${baseTopic}/${device.node}`,
    device.address,
    device.lastAt === undefined ? 'nothing yet' : ago(device.lastAt),
    stateOf(device),
  ]);
  print(table([['ID', 'NAME', 'TOPICS', 'ADDRESS', 'LAST', 'STATE'], ...rows]));
}

function stateOf({ revokedAt, doubles, silent, connected }: BaseStationView['devices'][number]): string {
  if (revokedAt !== undefined) return 'revoked';
  if (doubles.length > 0) return styled.bad(harmless(`in use twice: ${doubles.join(', ')}`));
  if (silent) return styled.warning('silent');
  return connected ? styled.good('connected') : 'not connected';
}

export function showInputs({ inputs, devices }: BaseStationView): void {
  if (inputs.length === 0) return print('Nothing has come in since the agent started.');
  const nameOf = (id: string | undefined) => devices.find((device) => device.id === id)?.name ?? '-';
  const rows = inputs.map(({ topic, device, value, at, interval, silent }) => [
    harmless(topic),
    harmless(value),
    ago(at),
    interval === undefined ? '-' : `every ${span(interval)}`,
    nameOf(device),
    silent ? styled.warning('silent') : '',
  ]);
  print(table([['TOPIC', 'VALUE', 'AGE', 'USUALLY', 'DEVICE', ''], ...rows]));
}

export function showUsers({ users }: BaseStationView): void {
  if (users.length === 0) return print('No program has a user name here yet.');
  print(
    table([
      ['NAME', 'MAY', 'SINCE'],
      ...users.map(({ name, access, addedAt }) => [name, access, ago(addedAt)]),
    ]),
  );
}

function ago(at: number): string {
  return `${span(Date.now() - at)} ago`;
}
