import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { createWebSocketStream, WebSocket } from 'ws';
import { proxyFor } from './proxy-environment.ts';
import { dialTcp } from './tcp-dial.ts';

/** One way to the relay's SSH server. */
export type Transport = 'ssh' | 'https' | 'websocket';

/** Where the relay is. */
export interface RelayAddress {
  readonly ssh: { readonly host: string; readonly port: number };
  /** `https://host[:port]`, or `http://` on loopback names. */
  readonly origin: string;
  /** Path of the WebSocket that carries SSH. */
  readonly websocketPath: string;
  /** PEM of the authority to trust for the origin, beside the system's. */
  readonly ca: string | undefined;
}

export interface OpenTransport {
  readonly stream: Duplex;
  readonly transport: Transport;
}

/** TCP, a proxy's answer and a WebSocket's handshake have this long, each. */
const DIAL_TIMEOUT_MS = 8_000;

/** The ways in the order in which to try them: the one that worked last first. */
export function transportsFor(relay: RelayAddress, last: Transport | undefined): Transport[] {
  const url = new URL(relay.origin);
  const samePort = url.hostname === relay.ssh.host && portOf(url) === relay.ssh.port;
  const all: Transport[] = ['ssh', 'https', 'websocket'];
  // On a plain HTTP origin nothing but a WebSocket is told apart from a page request by its first bytes.
  const usable = all.filter((one) => one !== 'https' || !samePort);
  return last === undefined ? usable : [last, ...usable.filter((one) => one !== last)];
}

/** Opens a byte stream to the relay's SSH server by one way. */
export async function openTransport(
  relay: RelayAddress,
  transport: Transport,
  options: { environment: Readonly<Record<string, string | undefined>>; signal: AbortSignal },
): Promise<OpenTransport> {
  const url = new URL(relay.origin);
  const place = transport === 'ssh' ? relay.ssh : { host: hostOf(url), port: portOf(url) };
  const socket = await dialTcp({
    ...place,
    proxy: proxyFor(place, options.environment),
    timeoutMs: DIAL_TIMEOUT_MS,
    signal: options.signal,
  });
  if (transport !== 'websocket') return { stream: socket, transport };
  return { stream: await openWebSocket(relay, url, socket, options.signal), transport };
}

/** SSH inside a WebSocket, over TLS if the origin says so. The socket is gone when this fails. */
async function openWebSocket(
  relay: RelayAddress,
  url: URL,
  socket: Socket,
  signal: AbortSignal,
): Promise<Duplex> {
  const secure = url.protocol === 'https:';
  const carrier = secure ? overTls(socket, hostOf(url), relay.ca) : socket;
  const websocket = new WebSocket(`${relay.origin.replace(/^http/, 'ws')}${relay.websocketPath}`, {
    createConnection: () => carrier,
    perMessageDeflate: false,
    handshakeTimeout: DIAL_TIMEOUT_MS,
    maxPayload: 1024 * 1024,
  });
  // Before it is open, so that no byte is missed; what goes wrong until then is told below.
  const stream = createWebSocketStream(websocket);
  // It ends when the WebSocket is gone, and would then stay half open for ever.
  stream.on('end', () => stream.destroy());
  const abort = (): void => websocket.terminate();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject);
      websocket.once('open', () => {
        stream.off('error', reject);
        resolve();
      });
      if (signal.aborted) abort();
    });
    return stream;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function overTls(socket: Socket, host: string, ca: string | undefined): tls.TLSSocket {
  return tls.connect({
    socket,
    // An address is no server name (RFC 6066 §3).
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    ...(ca === undefined ? {} : { ca: authorities(ca) }),
  });
}

/** The system's authorities and the relay's own. */
export function authorities(own: string): string[] {
  return [...tls.rootCertificates, own];
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}
