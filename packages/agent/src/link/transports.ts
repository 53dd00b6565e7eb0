import type { Duplex } from 'node:stream';
import { proxyFor } from './proxy-environment.ts';
import { dialTcp } from './tcp-dial.ts';
import { overTls } from './tls.ts';
import { openWebSocket } from './web-socket.ts';

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

/** Opens a byte stream to the relay's SSH server by one way: SSH itself, or SSH inside a WebSocket. */
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
  const { ca, origin, websocketPath } = relay;
  const carrier = url.protocol === 'https:' ? overTls({ socket, host: hostOf(url), ca }) : socket;
  try {
    const stream = await openWebSocket({
      ...{ url: `${origin.replace(/^http/, 'ws')}${websocketPath}`, carrier },
      ...{ timeoutMs: DIAL_TIMEOUT_MS, signal: options.signal },
    });
    return { stream, transport };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}
