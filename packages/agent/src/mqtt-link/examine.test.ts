import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { startTestRelay, type TestRelay } from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../config/index.ts';
import { examineBroker, parseBrokerUrl, tryBroker } from './index.ts';

let relay: TestRelay;
let ca: string;
const known = { user: 'shed', password: '' };
const account = { user: 'ann', password: '' };

beforeAll(async () => {
  relay = await startTestRelay();
  const ann = await relay.person('ann', 'admin');
  account.password = ann.password;
  const key = Buffer.concat([Buffer.from('0000000b7373682d6564323535313900000020', 'hex'), randomBytes(32)]);
  const publicKey = `ssh-ed25519 ${key.toString('base64')}`;
  const { id } = JSON.parse((await ann.api('POST', '/api/devices', { name: 'shed', publicKey })).body);
  const made = await ann.api('POST', `/api/devices/${id}/mqtt-credentials`, { name: 'agent' });
  known.password = JSON.parse(made.body).password;
  ca = (await relay.visit('localhost', '/install/ca.pem')).body;
});
afterAll(() => relay.close());

const options = { environment: {}, signal: AbortSignal.timeout(60_000) };

function broker(url: string, more: { user?: string; password?: string; ca?: string | undefined } = {}) {
  const { user, password, ca: own } = { ...known, ca, ...more };
  return { url, user, password: new Secret(password), ca: own };
}

/** A port of this machine where this is done with each connection; 0 connections are taken when nothing is. */
async function portThat(serve: ((socket: net.Socket) => void) | undefined): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve?.(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  if (serve === undefined) await new Promise((closed) => server.close(closed));
  else
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
  return port;
}

describe('what lies between a device and its broker', () => {
  it('is looked at step by step, and the last is a message to itself', async () => {
    const { mqtts, https } = relay.relay.ports;
    const seen = async (url: string): Promise<string[]> => {
      const { steps, close } = await examineBroker(broker(url), options);
      const found: string[] = [];
      for (const { what, run } of steps) found.push(`${what}: ${await run()}`);
      close();
      return found;
    };
    const over = await seen(`mqtts://localhost:${mqtts}`);
    expect(over).toEqual([
      expect.stringMatching(/^name of the broker: localhost is .*127\.0\.0\.1|::1/),
      expect.stringMatching(/^port of the broker: localhost:\d+ is open, \d+ ms$/),
      expect.stringMatching(/^TLS of the broker: TLSv1\.3, certificate by .+ until .+$/),
      'credentials: the relay lets shed in',
      'broker: shed may hear its requests',
      expect.stringMatching(/^round trip: \d+ ms through the relay and back$/),
    ]);
    expect(await seen(`wss://localhost:${https}/mqtt`)).toContain(
      `WebSocket of the broker: wss://localhost:${https}/mqtt takes MQTT`,
    );
  });

  it.each<[string, () => Promise<Parameters<typeof broker>> | Parameters<typeof broker>, RegExp]>([
    ['an unknown name', () => ['mqtts://nowhere.invalid'], /name nowhere\.invalid is not known .*DNS/],
    [
      'a closed port',
      async () => [`mqtts://127.0.0.1:${await portThat(undefined)}`],
      /nothing listens at 127\.0\.0\.1:\d+: check the port/,
    ],
    [
      'a port without TLS',
      async () => [`mqtts://127.0.0.1:${await portThat((socket) => socket.end('220 hello\r\n'))}`],
      /TLS with .* does not come about .*: check the port/,
    ],
    [
      'an unknown authority',
      () => [`mqtts://localhost:${relay.relay.ports.mqtts}`, { ca: undefined }],
      /certificate of localhost:\d+ is not from an authority that this machine trusts/,
    ],
    [
      'a wrong path',
      () => [`wss://localhost:${relay.relay.ports.https}/elsewhere`],
      /no MQTT at wss:.*: the path is \/mqtt/,
    ],
    [
      'a wrong password',
      () => [`mqtts://localhost:${relay.relay.ports.mqtts}`, { password: 'plm_wrong' }],
      /refuses shed: user or password is wrong/,
    ],
    [
      'the credentials of a person',
      () => [`mqtts://localhost:${relay.relay.ports.mqtts}`, account],
      /does not let ann hear device\/ann\/rpc\/request .*credentials of a device/,
    ],
    [
      'something that is not MQTT',
      async () => [`mqtt://127.0.0.1:${await portThat((socket) => socket.end('220 hello\r\n'))}`],
      /gave no answer that is MQTT/,
    ],
  ])('%s is told as what it is, without the password', async (_words, of, told) => {
    const wish = broker(...(await of()));
    const error = await tryBroker(wish, options).then(
      () => undefined,
      (one: unknown) => one,
    );
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(told);
    expect((error as Error).message).not.toContain(wish.password.reveal());
  });
});

it.each([
  ['relay.example', 'mqtts://relay.example'],
  ['relay.example:8884', 'mqtts://relay.example:8884'],
  ['mqtts://relay.example/', 'mqtts://relay.example'],
  ['https://relay.example/devices', 'wss://relay.example/mqtt'],
  ['wss://relay.example:444', 'wss://relay.example:444/mqtt'],
  ['wss://relay.example/other', 'wss://relay.example/other'],
  ['http://127.0.0.1:8080', 'ws://127.0.0.1:8080/mqtt'],
])('the address %s means %s', (typed, meant) => expect(parseBrokerUrl(typed)).toBe(meant));
