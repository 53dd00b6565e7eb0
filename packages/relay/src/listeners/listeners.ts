import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { isForwardableUpgrade } from '@porchlight/link';
import type { Clock } from '../clock.ts';
import { describeListenError, type RelayConfig } from '../config/index.ts';
import type { LinkTransport } from '../links/index.ts';
import type { MqttDoor } from '../mqtt/index.ts';
import { endSoon } from '../publish/index.ts';
import type { TlsSource } from '../tls/index.ts';
import { plainAddress } from './arrival.ts';
import { DeadSessions } from './dead-sessions.ts';
import { tellSpeech } from './first-bytes.ts';
import { peekHello } from './peek-hello.ts';

/** A request's head must be here by then; bodies have no deadline. */
const HEADERS_TIMEOUT_MS = 20_000;
/** A kept-alive visitor's connection without a request ends after this: longer than the usual 60 s of load balancers. */
const KEEP_ALIVE_MS = 75_000;
/** A connection over which nothing has passed for so long, in either direction, is dead. Hour-long requests live. */
const VISITOR_IDLE_MS = 2 * 3600_000;
const TLS_HANDSHAKE_MS = 15_000;
/** IANA's name for MQTT in ALPN (RFC 7301 §6). */
const ALPN_MQTT = 'mqtt';
/** Largest list of header fields of one request, in bytes. The agent takes more, for those that we add. */
const HEADERS_MAX = 16 * 1024;
/** HTTP/2 streams of one visitor's connection at the same time (RFC 9113 §5.1.2). */
const STREAMS_MAX = 128;
/**
 * What a visitor may send ahead on one stream, and on all of its connection (RFC 9113 §5.2), in bytes. The protocol's
 * own 64 KiB let an upload over 50 ms do 10 Mbit/s; a connection holds no more than its window in memory.
 */
const STREAM_WINDOW = 1024 * 1024;
const SESSION_WINDOW = 4 * 1024 * 1024;

export interface ListenersParts {
  readonly config: Pick<RelayConfig, 'http' | 'https' | 'ssh'> & Partial<Pick<RelayConfig, 'mqtt' | 'mqtts'>>;
  readonly tls: TlsSource | undefined;
  readonly clock: Clock;
  /** An HTTP/2 connection without a stream ends after this; for tests. */
  readonly h2IdleMs?: number;
  readonly onRequest: (req: IncomingMessage, res: ServerResponse) => void;
  readonly onUpgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly onSsh: (socket: Socket, address: string, transport: LinkTransport) => void;
  /** Absent: nobody speaks MQTT. */
  readonly onMqtt?: (socket: Socket, from: { address: string; door: MqttDoor }) => void;
  /** Absent: TLS always ends here. */
  readonly passthrough?: TlsPassthrough;
}

/** TLS connections that are passed on as they come, by the name that the client asks for. */
export interface TlsPassthrough {
  /** False: no name is, so that nothing has to be looked at. */
  readonly inUse: boolean;
  /** Takes a connection over, its first bytes put back; false when this name is not passed on. */
  take(socket: Socket, serverName: string, address: string): boolean;
}

/** The ports that the relay got; undefined: that listener is off. */
export interface Ports {
  readonly http: number | undefined;
  readonly https: number | undefined;
  readonly ssh: number | undefined;
  readonly mqtt?: number | undefined;
  readonly mqtts?: number | undefined;
}

export interface Listeners {
  readonly ports: Ports;
  /** Takes no more connections; those that are open go on. Idempotent. */
  stop(): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

/**
 * Opens the relay's ports. On each of the HTTP ports SSH, TLS and HTTP are told apart by their first bytes, so that a
 * device gets through wherever one port is open.
 * @throws ConfigError that names the port and the mend
 */
export async function openListeners(parts: ListenersParts): Promise<Listeners> {
  const { config, tls: source, onSsh, onMqtt, passthrough } = parts;
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  /** Connections that speak SSH: links, and clients that are not let in yet. */
  const sshSockets = new Set<Socket>();
  const plain = createHttpServer(parts);
  const secure = source === undefined ? undefined : createSecureServer(parts, source);
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
  };
  const toSsh = (socket: Socket, transport: LinkTransport): void => {
    sshSockets.add(socket);
    socket.once('close', () => sshSockets.delete(socket));
    onSsh(socket, plainAddress(socket.remoteAddress), transport);
  };
  const mqtts = source === undefined || onMqtt === undefined ? undefined : createMqttsServer(source, onMqtt);
  const toTls = (socket: Socket): void => {
    if (secure === undefined) socket.destroy();
    else secure.server.emit('connection', socket);
  };
  const web = (socket: Socket, transport: LinkTransport): void => {
    tellSpeech(socket, (speech) => {
      if (speech === 'ssh') {
        sockets.delete(socket);
        toSsh(socket, transport);
      } else if (speech === 'http') plain.emit('connection', socket);
      else if (passthrough?.inUse !== true) toTls(socket);
      else {
        peekHello(socket, TLS_HANDSHAKE_MS, (name) => {
          const address = plainAddress(socket.remoteAddress);
          if (name === undefined || !passthrough.take(socket, name, address)) toTls(socket);
        });
      }
    });
  };
  const open = async (name: keyof Ports, onSocket: (socket: Socket) => void): Promise<number | undefined> => {
    const { port, host } = config[name] ?? { port: 'off', host: undefined };
    if (port === 'off') return undefined;
    const server = net.createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
      onSocket,
    );
    servers.push(server);
    try {
      await listen(server, port, host);
    } catch (error) {
      throw describeListenError(error, { name: name.toUpperCase(), port, host, flag: `--${name}` });
    }
    server.on('error', () => undefined); // accept errors (out of file descriptors) pass; the listener stays
    return (server.address() as AddressInfo).port;
  };
  const stop = (): void => {
    for (const server of servers) server.close();
  };
  try {
    const ports: Ports = {
      http: await open('http', (socket) => {
        track(socket);
        web(socket, 'https');
      }),
      https: await open('https', (socket) => {
        track(socket);
        web(socket, 'https');
      }),
      ssh: await open('ssh', (socket) => toSsh(socket, 'ssh')),
      mqtt: await open('mqtt', (socket) => {
        track(socket);
        if (onMqtt === undefined) socket.destroy();
        else onMqtt(socket, { address: plainAddress(socket.remoteAddress), door: 'mqtt' });
      }),
      mqtts:
        mqtts === undefined
          ? undefined
          : await open('mqtts', (socket) => {
              track(socket);
              mqtts.server.emit('connection', socket);
            }),
    };
    return {
      ports,
      stop,
      async close() {
        stop();
        secure?.stop();
        mqtts?.stop();
        plain.close();
        for (const socket of sockets) socket.destroy();
        // Last words to devices may be on their way.
        for (const socket of sshSockets) socket.destroySoon();
      },
    };
  } catch (error) {
    stop();
    secure?.stop();
    mqtts?.stop();
    plain.close();
    throw error;
  }
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** An HTTP/1.1 server that is given its connections. */
function createHttpServer(parts: ListenersParts): http.Server {
  const options: http.ServerOptions & { shouldUpgradeCallback: (req: IncomingMessage) => boolean } = {
    requestTimeout: 0,
    headersTimeout: HEADERS_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
    maxHeaderSize: HEADERS_MAX,
    // A second Host, or none, is answered by the front door.
    requireHostHeader: false,
    // New in Node 22.21 and 24.9; older ones treat every upgrade as one.
    shouldUpgradeCallback: isForwardableUpgrade,
  };
  const server = http.createServer(options);
  server.timeout = VISITOR_IDLE_MS;
  // A head is bounded by its bytes (16 KiB); node:http would leave out fields after the first 1 000, such as a length.
  server.maxHeadersCount = 0;
  server.on('request', parts.onRequest);
  server.on('checkContinue', parts.onRequest);
  server.on('upgrade', (req, socket, head) => {
    if (isForwardableUpgrade(req)) parts.onUpgrade(req, socket, head);
    else endSoon(socket, badRequest(400));
  });
  server.on('clientError', (error, socket) => {
    // Never into the middle of an answer that is under way.
    const answering: unknown = Reflect.get(socket, '_httpMessage');
    if (answering !== null && answering !== undefined) socket.destroy();
    else endSoon(socket, badRequest(Reflect.get(error, 'code') === 'HPE_HEADER_OVERFLOW' ? 431 : 400));
  });
  // It never listens itself, and starts its watch over slow heads with this event.
  server.emit('listening');
  return server;
}

function badRequest(status: 400 | 431): string {
  return `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}

function createSecureServer(parts: ListenersParts, source: TlsSource): { server: tls.Server; stop(): void } {
  const http1 = createHttpServer(parts);
  const h2 = http2.createServer({
    settings: {
      maxConcurrentStreams: STREAMS_MAX,
      maxHeaderListSize: HEADERS_MAX,
      initialWindowSize: STREAM_WINDOW,
    },
  });
  h2.on('session', (session) => endIdleSession(session, parts.h2IdleMs ?? KEEP_ALIVE_MS));
  h2.on('request', (req, res) => {
    // nghttp2 announces our limit to the peer, and keeps to another one itself.
    if (sizeOf(req.rawHeaders) > HEADERS_MAX) {
      res.writeHead(431);
      res.end();
      return;
    }
    // The compatibility API is made to be used in place of node:http's.
    parts.onRequest(req as unknown as IncomingMessage, res as unknown as ServerResponse);
  });
  h2.on('checkContinue', (req, res) => {
    parts.onRequest(req as unknown as IncomingMessage, res as unknown as ServerResponse);
  });
  h2.on('sessionError', () => undefined);
  h2.on('session', (session) => session.setLocalWindowSize(SESSION_WINDOW));
  const dead = new DeadSessions({ clock: parts.clock });
  const server = tls.createServer({
    ...source.serverOptions(),
    ALPNProtocols: parts.onMqtt === undefined ? ['h2', 'http/1.1'] : ['h2', 'http/1.1', ALPN_MQTT],
    handshakeTimeout: TLS_HANDSHAKE_MS,
    minVersion: 'TLSv1.2',
  });
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol === 'h2') {
      dead.watch(socket);
      h2.emit('connection', socket);
    } else if (socket.alpnProtocol === ALPN_MQTT) {
      parts.onMqtt?.(socket, { address: plainAddress(socket.remoteAddress), door: 'https' });
    } else http1.emit('connection', socket);
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  const stopFresh = source.keepFresh(server);
  return {
    server,
    stop() {
      stopFresh();
      dead.close();
      http1.close();
    },
  };
}

/** TLS for the port that speaks nothing but MQTT; it is given its connections. */
function createMqttsServer(
  source: TlsSource,
  onMqtt: NonNullable<ListenersParts['onMqtt']>,
): { server: tls.Server; stop(): void } {
  const server = tls.createServer({
    ...source.serverOptions(),
    handshakeTimeout: TLS_HANDSHAKE_MS,
    minVersion: 'TLSv1.2',
  });
  server.on('secureConnection', (socket) => {
    onMqtt(socket, { address: plainAddress(socket.remoteAddress), door: 'mqtts' });
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return { server, stop: source.keepFresh(server) };
}

function sizeOf(rawHeaders: readonly string[]): number {
  let size = 0;
  for (const text of rawHeaders) size += text.length;
  return size;
}

/** Ends a connection without streams that has been quiet; while there are streams it may be quiet for ever. */
function endIdleSession(session: http2.ServerHttp2Session, idleMs: number): void {
  let streams = 0;
  session.on('stream', (stream) => {
    streams += 1;
    stream.once('close', () => {
      streams -= 1;
    });
  });
  session.setTimeout(idleMs);
  session.on('timeout', () => {
    if (streams === 0) session.destroy();
  });
}
