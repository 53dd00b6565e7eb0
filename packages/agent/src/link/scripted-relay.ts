import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { adoptChannel, type ControlStream, openControlStream } from '@porchlight/link';
import {
  type AgentMessage,
  agentMessage,
  CONTROL_SUBSYSTEM,
  fingerprintOf,
  type RelayMessage,
} from '@porchlight/protocol';
import ssh2, { type Connection } from 'ssh2';

/** One agent's connection, as the scripted relay sees it. */
export interface ScriptedClient {
  readonly connection: Connection;
  readonly socket: Socket;
  readonly hello: Extract<AgentMessage, { type: 'hello' }>;
  readonly control: ControlStream<RelayMessage>;
  /** Everything said after the hello. */
  readonly heard: AgentMessage[];
  /** Names that the agent takes channels for. */
  readonly forwards: Set<string>;
  openChannel(service: string): Promise<Duplex>;
}

export interface ScriptedRelay {
  readonly port: number;
  readonly fingerprint: string;
  /** TCP connections so far. */
  readonly dials: () => number;
  /** TCP connections that are open. */
  readonly open: () => number;
  /** Answers pings while true. */
  answersPings: boolean;
  close(): Promise<void>;
}

export const HOST_KEY = ssh2.utils.generateKeyPairSync('ed25519').private;
export const DEVICE_KEY = ssh2.utils.generateKeyPairSync('ed25519').private;

/** What `onHello` does when nothing else is wished. */
export function welcome({ control }: ScriptedClient): void {
  control.send({ type: 'welcome', device: 'robot', domain: 'relay.test' });
}

/** A relay for tests that does what the test says: a real SSH server on loopback with the control channel. */
export async function startScriptedRelay(
  onHello: (client: ScriptedClient) => void,
  { hostKey = HOST_KEY, port = 0 }: { hostKey?: string; port?: number } = {},
): Promise<ScriptedRelay> {
  const sockets = new Set<Socket>();
  let dials = 0;
  const parsed = ssh2.utils.parseKey(hostKey);
  if (parsed instanceof Error) throw parsed;
  const fingerprint = await fingerprintOf(parsed.getPublicSSH());
  const server = new ssh2.Server({ hostKeys: [hostKey] });
  const relay: ScriptedRelay = {
    get port() {
      return (listener.address() as AddressInfo).port;
    },
    fingerprint,
    dials: () => dials,
    open: () => sockets.size,
    answersPings: true,
    async close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
  server.on('connection', (connection: Connection) => {
    const heard: AgentMessage[] = [];
    const forwards = new Set<string>();
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => context.accept());
    connection.on('request', (accept, _reject, name, info) => {
      if (name === 'tcpip-forward') forwards.add(info.bindAddr);
      else forwards.delete(info.bindAddr);
      accept?.();
    });
    connection.on('session', (accept) => {
      accept().on('subsystem', (acceptSubsystem, rejectSubsystem, { name }) => {
        if (name !== CONTROL_SUBSYSTEM) return rejectSubsystem();
        const control = openControlStream<AgentMessage, RelayMessage>(acceptSubsystem(), agentMessage, {
          message(message) {
            if (message.type === 'ping' && relay.answersPings) control.send({ type: 'pong', n: message.n });
            if (message.type !== 'hello') {
              heard.push(message);
              return;
            }
            const socket = Reflect.get(connection, '_sock') as Socket;
            const openChannel = (service: string): Promise<Duplex> =>
              new Promise((resolve, reject) => {
                connection.forwardOut(service, 80, '127.0.0.1', 0, (error, channel) => {
                  if (error === undefined) resolve(adoptChannel(channel, () => undefined));
                  else reject(error);
                });
              });
            onHello({ connection, socket, hello: message, control, heard, forwards, openChannel });
          },
          broken: () => connection.end(),
          end: () => connection.end(),
        });
      });
    });
  });
  const listener = net.createServer({ noDelay: true }, (socket) => {
    dials += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    server.injectSocket(socket);
  });
  listener.listen(port, '127.0.0.1');
  await once(listener, 'listening');
  return relay;
}
