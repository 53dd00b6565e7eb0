import { once } from 'node:events';
import { BASE_STATION_LINE_MAX, BASE_STATION_SUBSYSTEM } from '@porchlight/protocol';
import type { ClientChannel } from 'ssh2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RelayEvent } from '../events.ts';
import { openSshRig, type TestClient } from './ssh-rig.ts';

let rig: Awaited<ReturnType<typeof openSshRig>>;
let changes: RelayEvent[];
let wake: () => void;

beforeEach(async () => {
  rig = await openSshRig();
  // Of this rig: an earlier one still ends its links.
  const own: RelayEvent[] = [];
  changes = own;
  wake = () => undefined;
  rig.events.subscribe((event) => {
    if (!event.type.startsWith('lan-')) return;
    own.push(event);
    wake();
  });
});
afterEach(() => rig.close());

async function changed(times: number): Promise<void> {
  while (changes.length < times) await new Promise<void>((resolve) => (wake = resolve));
}

function openStation({ client }: Pick<TestClient, 'client'>): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.subsys(BASE_STATION_SUBSYSTEM, (error, channel) => {
      channel?.on('error', () => undefined).resume();
      return error === undefined ? resolve(channel) : reject(error);
    });
  });
}

const requests = JSON.stringify({
  type: 'lan-requests',
  remoteAllow: true,
  requests: [
    {
      ...{ id: 'r1', way: 'emonesp', name: 'sensor', address: '10.0.0.9', mac: 'aa:bb:cc:dd:ee:ff' },
      ...{ firstAskedAt: 1, askedAt: 2, times: 3, state: 'waiting' },
    },
  ],
  more: 0,
});

test('a base station tells who asks, for as long as its channel is there; the link goes on without it', async () => {
  const { id, control, ...test } = await rig.link('attic');
  const channel = await openStation(test);
  await expect(openStation(test)).rejects.toThrow();
  channel.write(`${requests}\n`);
  await changed(1);
  expect(rig.baseStations.get(id)).toMatchObject({ remoteAllow: true, requests: { items: [{ id: 'r1' }] } });
  channel.end();
  await changed(3);
  expect([rig.baseStations.get(id), rig.links.get(id) === undefined]).toEqual([undefined, false]);
  control.send({ type: 'ping', n: 2 });
  await openStation(test);
  expect(rig.baseStations.get(id)).toBeDefined();
});

test('it goes with the link', async () => {
  const { id, ...test } = await rig.link('attic');
  const channel = await openStation(test);
  channel.write(`${requests}\n`);
  await changed(1);
  test.socket.destroy();
  await changed(3);
  expect(rig.baseStations.get(id)).toBeUndefined();
});

test('nobody who is not linked can open it', async () => {
  const test = await rig.connect();
  await test.control();
  await expect(openStation(test)).rejects.toThrow();
});

test.each([
  ['no JSON', 'hello\n'],
  ['an unknown message', '{"type":"open-the-door"}\n'],
  [
    'too many requests',
    `${JSON.stringify({ type: 'lan-requests', remoteAllow: true, more: 0, requests: Array.from({ length: 51 }, () => ({})) })}\n`,
  ],
  ['a line without end', 'x'.repeat(BASE_STATION_LINE_MAX + 1)],
  ['a flood', `${requests}\n`.repeat(100)],
])('%s ends the channel and leaves the link', async (_what, text) => {
  const { id, ...test } = await rig.link('attic');
  const channel = await openStation(test);
  channel.write(text);
  await once(channel, 'close');
  expect(rig.baseStations.get(id)).toBeUndefined();
  expect(rig.links.get(id)).toBeDefined();
});
