import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { BASE_STATION_SUBSYSTEM, type BaseStationRequest } from '@porchlight/protocol';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { silentLogger } from '../log/index.ts';
import { AgentLink } from './agent-link.ts';
import type { BaseStationSide } from './base-station-channel.ts';
import { openBaseStationChannel } from './base-station-channel.ts';
import { DEVICE_KEY, HOST_KEY, startScriptedRelay, welcome } from './scripted-relay.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Notes what it is told. */
function spy() {
  const log: string[] = [];
  const heard: BaseStationRequest[] = [];
  const side: BaseStationSide = {
    open(send) {
      log.push('open');
      send({ type: 'lan-devices', devices: [], more: 0 });
      return { hear: (message) => void heard.push(message), close: () => void log.push('close') };
    },
    unheard: (reason) => void log.push(`unheard: ${reason}`),
  };
  return { side, log, heard };
}

it('an older relay refuses it, and the link stays', async () => {
  const relay = await startScriptedRelay(welcome);
  ends.push(() => relay.close());
  const link = new AgentLink({
    relay: {
      ssh: { host: '127.0.0.1', port: relay.port },
      origin: `http://127.0.0.1:${relay.port}`,
      ...{ websocketPath: '/link', ca: undefined },
    },
    hostKeyFingerprint: relay.fingerprint,
    privateKey: DEVICE_KEY,
    hello: { agent: '0.1.0', name: 'robot', account: undefined, token: undefined },
    ...{ clock: systemClock, logger: silentLogger, random: () => 0.5, environment: {} },
    onPhase: () => undefined,
    onDenied: () => undefined,
    onChannel: (_service, _accept, reject) => reject(),
  });
  ends.push(() => link.close());
  const { side, log } = spy();
  link.speakFor(side);
  link.start();
  await expect.poll(() => log).toEqual([expect.stringMatching(/^unheard: .*update/)]);
  expect([link.phase.kind, relay.dials()]).toEqual(['up', 1]);
});

/** A relay's end of the channel, and a client that has opened it. */
async function openPair(side: BaseStationSide) {
  const server = new ssh2.Server({ hostKeys: [HOST_KEY] });
  const opened = new Promise<ServerChannel>((resolve) => {
    server.on('connection', (connection: Connection) => {
      connection.on('error', () => undefined);
      connection.on('authentication', (context) => context.accept());
      connection.on('session', (accept) => {
        accept().on('subsystem', (acceptSubsystem, _reject, { name }) => {
          expect(name).toBe(BASE_STATION_SUBSYSTEM);
          resolve(acceptSubsystem());
        });
      });
    });
  });
  const listener = net.createServer((socket) => server.injectSocket(socket)).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  ends.push(() => listener.close());
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  ends.push(() => client.destroy());
  await new Promise<void>((resolve) => {
    client.once('ready', resolve);
    const { port } = listener.address() as AddressInfo;
    client.connect({ host: '127.0.0.1', port, username: 'agent', privateKey: DEVICE_KEY });
  });
  const end = openBaseStationChannel(client, side, () => undefined);
  const channel = await opened;
  channel.on('error', () => undefined);
  let text = '';
  channel.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { channel, end, text: () => text };
}

it('what is said goes to the relay, what it asks comes, and both ends can end it', async () => {
  const { side, log, heard } = spy();
  const { channel, end, text } = await openPair(side);
  await expect.poll(text).toBe('{"type":"lan-devices","devices":[],"more":0}\n');
  const answer: BaseStationRequest = { type: 'lan-answer', n: 1, id: 'r1', answer: 'deny', by: 'ada' };
  channel.write(`${JSON.stringify(answer)}\n`);
  await expect.poll(() => heard).toEqual([answer]);
  end();
  end();
  expect(log).toEqual(['open', 'close']);

  const other = spy();
  const pair = await openPair(other.side);
  await expect.poll(pair.text).not.toBe('');
  pair.channel.close();
  await expect.poll(() => other.log).toEqual(['open', 'close']);
});

it('a relay that is not understood is not listened to any more', async () => {
  const { side, log, heard } = spy();
  const { channel } = await openPair(side);
  channel.write('{"type":"lan-answer","n":1,"id":"../../etc","answer":"allow","by":"ada"}\n');
  await expect.poll(() => log).toEqual(['open', expect.stringMatching(/^unheard/), 'close']);
  channel.write('{"type":"lan-answer","n":1,"id":"r1","answer":"allow","by":"ada"}\n');
  expect(heard).toEqual([]);
});
