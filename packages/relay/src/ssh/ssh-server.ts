import { type Gatherable, gatherWrites, LINK_ALGORITHMS } from '@porchlight/link';
import ssh2, { type AuthContext, type ClientInfo, type Connection } from 'ssh2';
import type { Clock } from '../clock.ts';
import type { LinkTransport } from '../links/index.ts';
import type { Logger, RelayMetrics } from '../telemetry/index.ts';
import { addressKey } from '../token-buckets.ts';
import { answerAtOnce, judge, methodsFor, type Proven } from './authentication.ts';
import { type CountedSocket, limitBytes, UnauthenticatedLimit } from './connection-limits.ts';
import type { DeviceKey } from './device-key.ts';
import type { Logins, OperatorLogin } from './logins.ts';
import { disconnectWith, sendBanner } from './server-messages.ts';
import type { LinkSocket } from './ssh-link.ts';

/** Places for connections that are not yet let in, in all. */
const UNAUTHENTICATED_MAX = 1000;
/** Requests for authentication on one connection: six keys, each asked about and then signed with, and some others. */
const AUTH_TRIES_MAX = 16;
/** Bytes that a connection may send before its link is up. Handshake, hello, 64 services and their pings take a fifth. */
const BEFORE_LINK_MAX = 256 * 1024;
/** Time for a refused client to read why. */
const LINGER_MS = 1_000;

/** A TCP connection, or what stands for one. */
export interface IncomingSocket extends LinkSocket, Gatherable, CountedSocket {
  setNoDelay?(noDelay: boolean): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** A client that has said who it is, and has proven it. */
export interface LoggedInClient {
  readonly connection: Connection;
  readonly socket: LinkSocket;
  readonly userName: string;
  readonly address: string;
  readonly transport: LinkTransport;
  /** The peer's own version string, e.g. `OpenSSH_9.2`. */
  readonly software: string;
  /** To be called when it is known, or waits under a limit of its own: it no longer counts as a stranger. */
  readonly admitted: () => void;
  /** To be called when its link is up: from now on it may send as much as it likes. */
  readonly linked: () => void;
}

/** A client that has proven a key; nobody has decided yet what it may do. */
export interface ProvenClient extends LoggedInClient {
  readonly key: DeviceKey;
}

/** A client that is a person. */
export interface OperatorClient extends LoggedInClient {
  readonly operator: OperatorLogin;
}

export interface SshServerParts {
  readonly hostKey: { readonly privateKey: string };
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly refused: RelayMetrics['sshRefused'];
  readonly limits: { readonly unauthenticatedPerAddress: number; readonly handshakeMs: number };
  readonly logins: Logins;
  readonly onClient: (client: ProvenClient) => void;
  readonly onOperator: (client: OperatorClient) => void;
}

interface Incoming {
  readonly socket: IncomingSocket;
  readonly address: string;
  readonly transport: LinkTransport;
  readonly leave: () => void;
  readonly releaseBytes: () => void;
  readonly cancelDeadline: () => void;
}

/**
 * The SSH server (RFC 4252 to 4254): takes sockets from any listener, lets every client in that proves a public key,
 * or under the user name `operator` only who is a person here, by key or token, and hands it on. What it may do is
 * decided there.
 */
export class SshServer {
  readonly #server: ssh2.Server;
  readonly #parts: SshServerParts;
  readonly #limit: UnauthenticatedLimit;
  /** By socket, until ssh2 reports the connection, which it does after the peer's version string. */
  readonly #incoming = new WeakMap<object, Incoming>();

  constructor(parts: SshServerParts) {
    this.#parts = parts;
    this.#limit = new UnauthenticatedLimit({
      perAddress: parts.limits.unauthenticatedPerAddress,
      inAll: UNAUTHENTICATED_MAX,
    });
    // Liveness is the link table's business; ssh2's own timer would ping every link.
    Reflect.set(ssh2.Server, 'KEEPALIVE_CLIENT_INTERVAL', -1);
    this.#server = new ssh2.Server({
      hostKeys: [parts.hostKey.privateKey],
      ident: `Porchlight_${parts.version}`,
      algorithms: LINK_ALGORITHMS,
    });
    this.#server.on('connection', (connection: Connection, info: ClientInfo) => {
      const socket: unknown = Reflect.get(connection, '_sock');
      const incoming = typeof socket === 'object' && socket !== null ? this.#incoming.get(socket) : undefined;
      if (incoming === undefined) connection.end();
      else this.#authenticate(connection, info, incoming);
    });
  }

  /** Takes a connection whose first bytes have not been read, or have been put back. */
  accept(socket: IncomingSocket, address: string, transport: LinkTransport): void {
    const { clock, limits, logger, refused } = this.#parts;
    const leave = this.#limit.enter(addressKey(address));
    if (leave === undefined) {
      refused.address_limit.add(1);
      logger.warn({ address }, 'too many SSH connections without a proven key');
      socket.destroy();
      return;
    }
    const cancelDeadline = clock.after(limits.handshakeMs, () => {
      refused.deadline.add(1);
      logger.debug({ address }, 'SSH handshake took too long');
      socket.destroy();
    });
    socket.once('close', () => {
      cancelDeadline();
      leave();
    });
    socket.setNoDelay?.(true);
    gatherWrites(socket);
    const releaseBytes = limitBytes(socket, BEFORE_LINK_MAX, () => {
      refused.too_much.add(1);
      logger.info({ address }, 'SSH connection sent too much before its link was up');
      socket.destroy();
    });
    this.#incoming.set(socket, { socket, address, transport, leave, releaseBytes, cancelDeadline });
    // The types ask for a net.Socket; any duplex stream does (the WebSocket's).
    Reflect.apply(this.#server.injectSocket, this.#server, [socket]);
  }

  #authenticate(connection: Connection, info: ClientInfo, incoming: Incoming): void {
    const { logger, refused } = this.#parts;
    let tries = 0;
    let proven: Proven | undefined;
    let userName = '';
    const told = new Set<string>();
    const tell = (text: string): void => {
      if (told.has(text)) return;
      told.add(text);
      sendBanner(connection, text);
    };
    connection.on('error', (error: Error) => {
      logger.debug({ address: incoming.address, reason: error.message }, 'SSH connection failed');
    });
    // ssh2 gives the next request when the one before has been answered.
    connection.on('authentication', (context: AuthContext) => {
      tries += 1;
      if (tries > AUTH_TRIES_MAX) {
        refused.authentication.add(1);
        return incoming.socket.destroy();
      }
      if (answerAtOnce(context)) return;
      judge(context, { address: incoming.address, logins: this.#parts.logins, tell }).then(
        (outcome) => {
          if (outcome === 'asked') return;
          proven = outcome;
          userName = context.username;
          if (outcome === undefined) context.reject(methodsFor(context.username));
          else context.accept();
        },
        (error: unknown) => {
          logger.error({ error }, 'SSH login failed');
          context.reject();
        },
      );
    });
    connection.on('ready', () => {
      incoming.cancelDeadline();
      if (proven === undefined) return incoming.socket.destroy();
      this.#handOn(proven, {
        connection,
        socket: incoming.socket,
        userName,
        address: incoming.address,
        transport: incoming.transport,
        software: info.header.versions.software.slice(0, 64),
        admitted: incoming.leave,
        linked: incoming.releaseBytes,
      });
    });
  }

  #handOn(proven: Proven, client: LoggedInClient): void {
    if ('key' in proven) return this.#parts.onClient({ ...client, key: proven.key });
    if ('operator' in proven) {
      client.admitted();
      client.linked();
      return this.#parts.onOperator({ ...client, operator: proven.operator });
    }
    this.#parts.logger.info({ address: client.address, reason: proven.refused }, 'SSH client refused');
    disconnectWith(client.connection, `Porchlight: ${proven.refused}`);
    this.#parts.clock.after(LINGER_MS, () => client.socket.destroy());
  }
}
