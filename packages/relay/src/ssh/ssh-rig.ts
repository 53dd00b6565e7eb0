import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import type { RelayMessage } from '@porchlight/protocol';
import { FakeClock } from '@porchlight/testkit';
import ssh2, { type Channel, type ClientChannel, type ConnectConfig } from 'ssh2';
import { EtPhoneHome } from '../adapters/index.ts';
import type { NewAuditEntry } from '../audit/index.ts';
import { BaseStationTable } from '../base-stations/index.ts';
import { DeviceCommands, PortRequests } from '../call-home/index.ts';
import { MemoryDevices } from '../devices/memory-devices.ts';
import { JoinRequestTable } from '../enrolment/index.ts';
import { createEventBus } from '../events.ts';
import { LinkTable } from '../links/index.ts';
import { createMetrics, silentLogger } from '../telemetry/index.ts';
import { DeviceAdmission } from './device-admission.ts';
import { DeviceConnections } from './device-connections.ts';
import { describeKey } from './device-key.ts';
import { DeviceSession } from './device-session.ts';
import type { Logins } from './logins.ts';
import { SshServer } from './ssh-server.ts';

/** Messages of the SSH protocol that no client of good will sends; ssh2's own, which its types leave out. */
export interface RawProtocol {
  session(sender: number, window: number, packetSize: number): void;
  subsystem(recipient: number, name: string, wantReply: boolean): void;
  channelData(recipient: number, data: Buffer): void;
  channelOpenConfirm(recipient: number, sender: number, window: number, packetSize: number): void;
  tcpipForward(host: string, port: number, wantReply: boolean): void;
  cancelTcpipForward(host: string, port: number, wantReply: boolean): void;
}

export interface TestClient {
  readonly client: ssh2.Client;
  readonly socket: net.Socket;
  readonly protocol: RawProtocol;
  /** Resolves when the connection has ended, from either side. */
  readonly closed: Promise<void>;
  /** Opens the control channel; what the relay says is collected. */
  control(): Promise<TestControl>;
}

export interface TestControl {
  readonly channel: Channel;
  readonly said: RelayMessage[];
  send(message: object): void;
  /** The next message that is of this type, or was said before. */
  heard<T extends RelayMessage['type']>(type: T): Promise<Extract<RelayMessage, { type: T }>>;
}

export function newKey(): string {
  return ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private;
}

/** Nobody is a person. */
export const DEVICES_ONLY: Logins = {
  mayProve: async () => false,
  byKey: async () => ({ kind: 'device' }),
  byToken: async () => undefined,
};

const HOST_KEY = newHostKey();

/** ssh2 now and then writes an Ed25519 key that does not read back. */
function newHostKey(): string {
  for (;;) {
    const text = ssh2.utils.generateKeyPairSync('ed25519').private;
    if (!(ssh2.utils.parseKey(text) instanceof Error)) return text;
  }
}

/** The relay's SSH side over real sockets, with devices in memory and a clock that the test moves. */
export async function openSshRig(limits: { perAddress?: number } = {}) {
  const clock = new FakeClock();
  const devices = new MemoryDevices();
  const links = new LinkTable();
  const log: string[] = [];
  const audited: NewAuditEntry[] = [];
  const audit = { append: (entry: NewAuditEntry) => void audited.push(entry) };
  links.listen({
    up: (link) => void log.push(`up ${link.deviceName}`),
    changed: () => undefined,
    down: (link, reason) => void log.push(`down ${link.deviceName}: ${reason}`),
  });
  const events = createEventBus((error) => {
    throw error;
  });
  const joinRequests = new JoinRequestTable({
    ...{ devices, audit, events, clock, relayFingerprint: 'SHA256:relay' },
    limits: { perAddress: 100, inAll: 100, devicesPerAccount: 100 },
  });
  const tokens = new Map<string, number>();
  const admission = new DeviceAdmission({
    ...{ devices, joinRequests, audit, events, clock, origin: () => 'https://relay.example' },
    accounts: { byName: async () => undefined },
    tokens: {
      async redeem(token) {
        const left = tokens.get(token) ?? 0;
        if (left === 0) return undefined;
        tokens.set(token, left - 1);
        return {
          ...{ id: token, accountId: 'a1', note: '', tags: [], tokenHash: '', createdAt: 0, expiresAt: 0 },
          ...{ usesLeft: left - 1, used: 1 },
        };
      },
      async giveBack(token) {
        tokens.set(token, (tokens.get(token) ?? 0) + 1);
      },
    },
    devicesPerAccount: 100,
  });
  const connections = new DeviceConnections();
  const portRequests = new PortRequests({ clock });
  const readings: ReadonlyMap<string, string>[] = [];
  const calls: { deviceId: string; bytes?: { in: number; out: number } }[] = [];
  const dialects = [
    new EtPhoneHome({ inbox: portRequests }),
    new DeviceCommands({
      portRequests,
      clock,
      readings: { note: (_, values) => void readings.push(values) },
    }),
  ];
  const baseStations = new BaseStationTable({
    ...{ audit, events, clock },
    readings: { note: (_, values) => void readings.push(values) },
  });
  const metrics = createMetrics({ process: false });
  const server = new SshServer({
    ...{ hostKey: { privateKey: HOST_KEY }, version: 'test', clock, logger: silentLogger },
    refused: metrics.sshRefused,
    limits: { unauthenticatedPerAddress: limits.perAddress ?? 20, handshakeMs: 20_000 },
    logins: DEVICES_ONLY,
    onOperator: (client) => client.socket.destroy(),
    onClient: (client) =>
      void new DeviceSession(client, {
        ...{ admission, devices, links, events, clock, logger: silentLogger, domain: 'relay.example' },
        ...{ maxChannels: 256, connections, portRequests, dialects, baseStations },
        calls: {
          contact: ({ id }) => void calls.push({ deviceId: id }),
          count: ({ id }, bytes) => void calls.push({ deviceId: id, bytes }),
        },
        serviceUrl: (service, device) => `https://${service}--${device}.relay.example/`,
      }),
  });
  const sockets = new Set<net.Socket>();
  const listener = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    server.accept(socket, '192.0.2.1', 'ssh');
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  const dial = (): net.Socket => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => undefined);
    return socket;
  };

  /** Begins a handshake; `ready` of its client comes when the relay has let it in. */
  const start = (config: ConnectConfig): TestClient => {
    const socket = dial();
    const client = new ssh2.Client();
    client.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => void client.once('close', () => resolve()));
    client.connect({ sock: socket, username: 'agent', ...config });
    return {
      ...{ client, socket, closed },
      get protocol() {
        return Reflect.get(client, '_protocol') as RawProtocol;
      },
      control: () => openControl(client),
    };
  };
  const connect = async (privateKey = newKey()): Promise<TestClient> => {
    const test = start({ privateKey });
    await once(test.client, 'ready');
    return test;
  };

  /** A device with this key, as if it had been allowed earlier. */
  const enrol = async (name: string, privateKey: string): Promise<string> => {
    const parsed = ssh2.utils.parseKey(privateKey);
    if (parsed instanceof Error) throw parsed;
    const { fingerprint, publicKey } = describeKey(parsed);
    const id = `id-${name}`;
    await devices.insert({ id, accountId: 'a1', name, tags: [], fingerprint, publicKey, createdAt: 0 });
    return id;
  };

  /** A known device whose link is up, with these services. */
  const link = async (name: string, services: readonly string[] = ['web'], key = newKey()) => {
    const id = [...devices.records.values()].find((one) => one.name === name)?.id ?? (await enrol(name, key));
    const test = await connect(key);
    const control = await test.control();
    control.send({ type: 'hello', version: 1, agent: 'test', name });
    await control.heard('welcome');
    for (const service of services) await forwardIn(test.client, service, 80);
    control.send({ type: 'services', services: services.map((one) => ({ name: one, kind: 'http' })) });
    control.send({ type: 'ping', n: 1 });
    await control.heard('pong');
    return { ...test, id, key, control };
  };

  return {
    ...{ clock, devices, links, log, audited, joinRequests, tokens, metrics, events, sockets },
    ...{ port, dial, start, connect, enrol, link, connections, portRequests, readings, calls },
    baseStations,
    close() {
      listener.close();
      joinRequests.close();
      portRequests.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Asks for a remote forward; rejects when the relay refuses. */
export function forwardIn(client: ssh2.Client, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    client.forwardIn(host, port, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

function openControl(client: ssh2.Client): Promise<TestControl> {
  return new Promise((resolve, reject) => {
    client.subsys('porchlight-control', (error: Error | undefined, channel: ClientChannel) => {
      if (error !== undefined) return reject(error);
      const said: RelayMessage[] = [];
      let waiting: (() => void)[] = [];
      let text = '';
      const wake = (): void => {
        for (const one of waiting.splice(0)) one();
        waiting = [];
      };
      channel.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        for (const line of lines) said.push(JSON.parse(line));
        wake();
      });
      channel.on('close', wake);
      channel.on('error', () => undefined);
      resolve({
        ...{ channel, said },
        send: (message) => void channel.write(`${JSON.stringify(message)}\n`),
        async heard(type) {
          for (;;) {
            const found = said.find((one) => one.type === type);
            if (found !== undefined) return found as never;
            await new Promise<void>((next) => void waiting.push(next));
          }
        },
      });
    });
  });
}
