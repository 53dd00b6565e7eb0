import { once } from 'node:events';
import type { ClientChannel } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newKey, openSshRig, type TestClient } from './ssh-rig.ts';

let rig: Awaited<ReturnType<typeof openSshRig>>;

beforeEach(async () => {
  rig = await openSshRig();
});

/** Whatever somebody did: the relay runs, and another device gets its link. */
afterEach(async () => {
  const honest = await rig.link('honest');
  expect(rig.links.get(honest.id)).toBeDefined();
  honest.client.end();
  await honest.closed;
  rig.close();
});

/** A client that has logged in, and never closes a channel that the relay has closed. */
async function login(config: { ident?: string } = {}): Promise<TestClient & { id: string }> {
  const key = newKey();
  const id = await rig.enrol('router1', key);
  const test = rig.start({ username: 'router1', privateKey: key, ...config });
  await once(test.client, 'ready');
  const close = Reflect.get(test.protocol, 'channelClose');
  expect(close).toBeTypeOf('function');
  Reflect.set(test.protocol, 'channelClose', () => undefined);
  return { ...test, protocol: test.protocol, id };
}

const bind = (test: TestClient, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    test.client.forwardIn('', port, (error, bound) => (error ? reject(error) : resolve(bound)));
  });

const shell = (test: TestClient): Promise<ClientChannel> =>
  new Promise((resolve, reject) => {
    test.client.shell(false, (error, channel) => (error ? reject(error) : resolve(channel)));
  });

const exec = (test: TestClient, command: string): Promise<ClientChannel> =>
  new Promise((resolve, reject) => {
    test.client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)));
  });

/** The relay's number of a channel. */
const idOf = (channel: ClientChannel): number =>
  Number(Reflect.get(Reflect.get(channel, 'outgoing') as object, 'id'));

describe('a stock client that means harm', () => {
  it('has ended its shell, keeps the channel, and makes the relay print there', async () => {
    const test = await login();
    const channel = await shell(test);
    channel.on('error', () => undefined);
    const exited = once(channel, 'exit');
    channel.write('q');
    await exited;
    for (let port = 8000; port < 8010; port += 1) await bind(test, port);
    await expect(bind(test, 8000)).rejects.toThrow();
    test.client.end();
    await test.closed;
  });

  it('calls as dropbear, is told to go, and answers late', async () => {
    const test = await login({ ident: 'dropbear_2022.83' });
    const expiresAt = rig.clock.now() + 3_600_000;
    rig.portRequests.ask({ deviceId: test.id, devicePort: 22, relayPort: undefined, expiresAt });
    const channel = await exec(test, 'beat inbox');
    channel.on('error', () => undefined);
    const exited = once(channel, 'exit');
    rig.connections.end(test.id, 'kicked');
    await exited;
    test.protocol.channelData(idOf(channel), Buffer.from('uptime=1\n'));
    Reflect.apply(Reflect.get(test.protocol, 'channelEOF'), test.protocol, [idOf(channel)]);
    await expect.poll(() => rig.readings.length).toBe(1);
    await rig.clock.advance(1_000);
    await test.closed;
  });

  it('sends without end to a command that reads nothing', async () => {
    const test = await login();
    await bind(test, 8000);
    const channel = await exec(test, 'inbox');
    channel.on('error', () => undefined);
    const part = Buffer.alloc(30_000);
    for (let n = 0; n < 1_000 && !test.socket.destroyed; n += 1) {
      test.protocol.channelData(idOf(channel), part);
      if (test.socket.writableNeedDrain) await Promise.race([once(test.socket, 'drain'), test.closed]);
    }
    expect(test.socket.destroyed).toBe(true);
    await test.closed;
  });
});
