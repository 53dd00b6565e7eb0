/** For tests of operators: the SSH server and everything of this folder, over real sockets, with a clock to move. */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { FakeClock } from '@porchlight/testkit';
import ssh2, { type ConnectConfig } from 'ssh2';
import { ANONYMOUS, type Person } from '../access/index.ts';
import type { NewAuditEntry } from '../audit/index.ts';
import { MemoryDevices } from '../devices/memory-devices.ts';
import { createEventBus } from '../events.ts';
import type { PortTarget, ReachOptions } from '../forward/index.ts';
import { SshServer } from '../ssh/index.ts';
import { createMetrics, silentLogger } from '../telemetry/index.ts';
import type { OperatorApi, OperatorEvents, OperatorRequest } from './operator-api.ts';
import { Operators } from './operators.ts';

export const ALICE: Person = {
  ...{ kind: 'ssh-key', accountId: 'a1', accountName: 'alice', role: 'member', keyId: 'k1' },
};

export interface Asked {
  readonly device: string;
  readonly target: PortTarget;
  readonly options: ReachOptions;
  readonly answer: (stream: Duplex) => void;
  readonly fail: (error: unknown) => void;
}

/** What a session wrote, and how it ended. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | undefined;
}

const HOST_KEY = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private;
const CLIENT_KEY = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private;

export async function openOperatorsRig() {
  const clock = new FakeClock();
  const devices = new MemoryDevices();
  const audited: NewAuditEntry[] = [];
  const asked: Asked[] = [];
  const sinks: OperatorEvents[] = [];
  const called: OperatorRequest[] = [];
  const events = createEventBus((error) => {
    throw error;
  });
  const given = {
    person: ALICE,
    gone: false,
    answer: (_request: OperatorRequest): unknown => ({ items: [] }),
  };
  const api: OperatorApi = {
    async call(_caller, request) {
      called.push(request);
      return given.answer(request);
    },
    watch(_caller, open) {
      const sink: OperatorEvents = open(() => void sinks.splice(sinks.indexOf(sink), 1));
      sinks.push(sink);
    },
  };
  const operators = new Operators({
    ...{ clock, events, logger: silentLogger, api: () => api },
    devices: { byName: async (name) => [...devices.records.values()].find((one) => one.name === name) },
    audit: { append: (entry) => void audited.push(entry) },
    offlineSince: () => ({ at: Date.UTC(2026, 0, 2, 3, 4), reason: 'connection lost' }),
    relay: { domain: 'relay.example', sshPort: 22 },
    ports: {
      open: (device, target, options) =>
        new Promise((answer, fail) => {
          asked.push({ device: device.name, target, options, answer, fail });
          options.signal.addEventListener('abort', () => fail(options.signal.reason));
        }),
    },
  });
  const server = new SshServer({
    ...{ hostKey: { privateKey: HOST_KEY }, version: 'test', clock, logger: silentLogger },
    refused: createMetrics({ process: false }).sshRefused,
    limits: { unauthenticatedPerAddress: 100, handshakeMs: 20_000 },
    logins: {
      mayProve: async () => true,
      async byKey() {
        const { person } = given;
        const identify = async () => (given.gone ? ANONYMOUS : given.person);
        return { kind: 'operator', operator: { person, by: 'key test', identify } };
      },
      byToken: async () => undefined,
    },
    onClient: (client) => client.socket.destroy(),
    onOperator: (client) => operators.accept(client),
  });
  const sockets = new Set<net.Socket>();
  const listener = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    server.accept(socket, '192.0.2.1', 'ssh');
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as AddressInfo;

  const connect = async (config: ConnectConfig = {}) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => undefined);
    const client = new ssh2.Client();
    const errors: string[] = [];
    client.on('error', (error) => errors.push(error.message));
    const closed = new Promise<void>((resolve) => void client.once('close', () => resolve()));
    client.connect({ sock: socket, username: 'operator', privateKey: CLIENT_KEY, ...config });
    await once(client, 'ready');
    /** Opens a channel; rejects with what the relay says. */
    const jump = (host: string, to = 22): Promise<Duplex> =>
      new Promise((resolve, reject) => {
        client.forwardOut('127.0.0.1', 1, host, to, (error, channel) =>
          error === undefined ? resolve(channel) : reject(error),
        );
      });
    const exec = async (line: string, pty = false, input = ''): Promise<Ran> => {
      let stdout = '';
      let stderr = '';
      let code: number | undefined;
      await new Promise<void>((resolve, reject) => {
        client.exec(line, pty ? { pty: { cols: 80, rows: 10 } } : {}, (error, channel) => {
          if (error !== undefined) return reject(error);
          // At once: exit status and close may come with the packet that follows.
          channel.on('data', (data: Buffer) => (stdout += data.toString()));
          channel.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
          channel.on('exit', (status: number) => (code = status));
          channel.on('close', () => resolve());
          if (input !== '') channel.end(input);
        });
      });
      return { stdout, stderr, code };
    };
    return { client, socket, closed, errors, jump, exec };
  };

  const addDevice = (name: string, accountId = 'a1') =>
    devices.insert({
      ...{ id: `id-${name}`, accountId, name, tags: [], publicKey: '', createdAt: 0 },
      fingerprint: `SHA256:${name}`,
    });

  return {
    ...{
      clock,
      devices,
      audited,
      asked,
      sinks,
      called,
      events,
      given,
      operators,
      sockets,
      connect,
      addDevice,
    },
    async close() {
      operators.close();
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
