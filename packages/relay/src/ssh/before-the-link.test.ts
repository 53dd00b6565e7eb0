import { once } from 'node:events';
import net from 'node:net';
import { FakeClock } from '@porchlight/testkit';
import ssh2 from 'ssh2';
import { afterEach, expect, it } from 'vitest';
import { createMetrics, silentLogger } from '../telemetry/index.ts';
import { DEVICES_ONLY } from './ssh-rig.ts';
import { type ProvenClient, SshServer } from './ssh-server.ts';

const HOST_KEY = ssh2.utils.generateKeyPairSync('ed25519').private;
const CLIENT_KEY = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private;

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A client with a key that nobody knows; `flood` sends so many channel openings, each with an answer, and reads none. */
async function connect(onClient: (client: ProvenClient) => void) {
  const server = new SshServer({
    hostKey: { privateKey: HOST_KEY },
    version: 'test',
    clock: new FakeClock(),
    logger: silentLogger,
    refused: createMetrics({ process: false }).sshRefused,
    limits: { unauthenticatedPerAddress: 5, handshakeMs: 20_000 },
    logins: DEVICES_ONLY,
    onOperator: (client) => client.socket.destroy(),
    onClient,
  });
  const listener = net.createServer((socket) => server.accept(socket, '192.0.2.1', 'ssh'));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const socket = net.connect((listener.address() as net.AddressInfo).port, '127.0.0.1');
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  closing.push(
    () => socket.destroy(),
    () => listener.close(),
  );
  client.connect({ sock: socket, username: 'agent', privateKey: CLIENT_KEY });
  await once(client, 'ready');
  const protocol = Reflect.get(client, '_protocol') as {
    directTcpip(sender: number, window: number, packet: number, details: object): void;
  };
  return {
    socket,
    flood(count: number): void {
      socket.pause();
      const details = { srcIP: 'a', srcPort: 1, dstIP: 'b', dstPort: 2 };
      for (let sender = 0; sender < count; sender += 1) protocol.directTcpip(sender, 65_536, 32_768, details);
    },
  };
}

it('a flood of a stranger who reads no answer is cut off before it fills the memory', async () => {
  let stranger: ProvenClient | undefined;
  const { flood } = await connect((client) => {
    stranger = client;
    client.admitted();
  });
  const socket = stranger?.socket as net.Socket;
  const closed = once(socket, 'close');
  flood(20_000);
  await closed;
  expect(socket.bytesRead).toBeLessThan(1024 * 1024);
});

it('a device whose link is up may send more', async () => {
  let device: ProvenClient | undefined;
  const { flood } = await connect((client) => {
    device = client;
    client.linked();
  });
  const socket = device?.socket as net.Socket;
  flood(20_000);
  while (socket.bytesRead < 512 * 1024 && !socket.destroyed) await once(socket, 'data');
  expect(socket.destroyed).toBe(false);
});
