import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import ssh2, { type Connection, type Channel as Ssh2Channel } from 'ssh2';
import { adoptChannel, type Channel } from './channel.ts';

/** Two ends of an SSH connection over a real socket, for tests: channels are opened from the server, as the relay does. */
export interface SshPair {
  /** The relay's end of a new channel, and the device's. */
  openChannel(): Promise<{ relay: Channel; device: Channel }>;
  /** As above, but the device's end is as ssh2 gives it. */
  openRawChannel(): Promise<{ relay: Channel; device: Ssh2Channel }>;
  /** Channels that either end still has in its tables. */
  openChannels(): number;
  /** How often an end was told that its peer sent more than it may. */
  readonly overflows: () => number;
  /** Cuts the socket below. */
  cut(): void;
  close(): Promise<void>;
}

const HOST_KEY = ssh2.utils.generateKeyPairSync('ed25519').private;

export async function openSshPair(): Promise<SshPair> {
  let overflows = 0;
  const overflow = (): void => {
    overflows += 1;
  };
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const server = new ssh2.Server({ hostKeys: [HOST_KEY] });
  const listener = net.createServer({ noDelay: true }, (socket) => server.injectSocket(socket));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const connected = once(server, 'connection');
  const { port } = listener.address() as net.AddressInfo;
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  const ready = once(client, 'ready');
  client.connect({ sock: socket, username: 'agent', privateKey });
  const [connection] = (await connected) as [Connection];
  connection.on('error', () => undefined);
  connection.on('authentication', (context) => context.accept());
  connection.on('request', (accept) => accept?.());
  await ready;
  await new Promise<void>((resolve, reject) => {
    client.forwardIn('web', 80, (error) => (error === undefined ? resolve() : reject(error)));
  });
  const openRawChannel = async (): Promise<{ relay: Channel; device: Ssh2Channel }> => {
    const arrived = new Promise<Ssh2Channel>((resolve) => {
      client.once('tcp connection', (_details, accept) => resolve(accept()));
    });
    const opened = new Promise<Channel>((resolve, reject) => {
      connection.forwardOut('web', 80, '127.0.0.1', 0, (error, channel) => {
        if (error === undefined) resolve(adoptChannel(channel, overflow));
        else reject(error);
      });
    });
    return { relay: await opened, device: await arrived };
  };
  return {
    openRawChannel,
    async openChannel() {
      const { relay, device } = await openRawChannel();
      return { relay, device: adoptChannel(device, overflow) };
    },
    openChannels: () => channelsOf(client) + channelsOf(connection),
    overflows: () => overflows,
    cut: () => void socket.destroy(),
    async close() {
      client.end();
      connection.end();
      socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}

/** ssh2 keeps its table to itself. */
function channelsOf(end: object): number {
  const table: unknown = Reflect.get(Reflect.get(end, '_chanMgr') as object, '_channels');
  return Object.keys(table as object).length;
}
