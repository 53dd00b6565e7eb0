import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';

const LOOK_MS = 5_000;

/**
 * Ends HTTP/2 connections whose visitor has gone while an answer was waiting for the network.
 *
 * Node (22 and 24) never hears of that by itself: HTTP/2 stops reading while a write is under way, and when that write
 * fails below TLS, TLS keeps waiting for it. The connection and its requests would stay for ever, down to the device.
 * It shows in the queues: TLS has something in its own, and the TCP connection below has nothing left to write.
 */
export class DeadSessions {
  /** TCP connections by the TLS on them, with what looked dead at the last look. */
  readonly #watched = new Map<TLSSocket, { readonly tcp: Socket; suspect: boolean }>();
  readonly #cancel: () => void;

  constructor(parts: { clock: Clock }) {
    this.#cancel = parts.clock.every(LOOK_MS, () => this.#look());
  }

  /** To be called with each connection that is given to HTTP/2. */
  watch(socket: TLSSocket): void {
    const tcp: unknown = Reflect.get(socket, '_parent');
    if (!isSocket(tcp)) return;
    this.#watched.set(socket, { tcp, suspect: false });
    socket.once('close', () => this.#watched.delete(socket));
  }

  close(): void {
    this.#cancel();
    this.#watched.clear();
  }

  #look(): void {
    for (const [socket, watched] of this.#watched) {
      const dead = queued(socket) > 0 && queued(watched.tcp) === 0;
      // Twice, so that no write just between the two layers is taken for a dead one.
      if (dead && watched.suspect) watched.tcp.destroy();
      watched.suspect = dead;
    }
  }
}

/** Bytes that the layer's native part still has to write. */
function queued(socket: object): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return 0;
  const size: unknown = Reflect.get(handle, 'writeQueueSize');
  return typeof size === 'number' ? size : 0;
}

function isSocket(value: unknown): value is Socket {
  return typeof value === 'object' && value !== null && 'destroy' in value;
}
