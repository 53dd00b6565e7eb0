import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { joinStreams } from '@porchlight/link';

/** Connections through one forward at the same time. */
export const CONNECTIONS_MAX = 64;

export interface ConnectionsParts {
  /** Tells whether an address may connect. */
  readonly admits: (address: string | undefined) => boolean;
  /** Opens the way to the device. */
  readonly reach: (from: { address: string; port: number }, signal: AbortSignal) => Promise<Duplex>;
  /** A number has changed. */
  readonly onChange: () => void;
}

/** The connections of one forward, joined to channels and counted. */
export class Connections {
  readonly #parts: ConnectionsParts;
  readonly #sockets = new Set<Socket>();
  /** Bytes of those that have ended. */
  #past = { in: 0, out: 0 };
  total = 0;
  /** Turned away. */
  refused = 0;
  /** Why the last one that could not be joined was not. */
  lastFailure: string | undefined;

  constructor(parts: ConnectionsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** From the device. */
  get bytesIn(): number {
    let sum = this.#past.in;
    for (const socket of this.#sockets) sum += socket.bytesWritten;
    return sum;
  }

  /** To the device. */
  get bytesOut(): number {
    let sum = this.#past.out;
    for (const socket of this.#sockets) sum += socket.bytesRead;
    return sum;
  }

  /** One was turned away by the server, which has as many as it may have. */
  turnedAway(): void {
    this.refused += 1;
    this.#parts.onChange();
  }

  accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (!this.#parts.admits(socket.remoteAddress)) {
      socket.resetAndDestroy();
      this.turnedAway();
      return;
    }
    this.#sockets.add(socket);
    this.total += 1;
    const leaving = new AbortController();
    socket.once('close', () => {
      leaving.abort();
      this.#sockets.delete(socket);
      this.#past = { in: this.#past.in + socket.bytesWritten, out: this.#past.out + socket.bytesRead };
      this.#parts.onChange();
    });
    const settle = onEarlyEnd(socket, () => socket.destroy());
    const from = { address: socket.remoteAddress ?? '0.0.0.0', port: socket.remotePort ?? 0 };
    this.#parts.reach(from, leaving.signal).then(
      (channel) => {
        settle();
        if (socket.destroyed) channel.destroy();
        else joinStreams(socket, channel);
      },
      (error: unknown) => {
        if (!socket.destroyed && error instanceof Error) this.lastFailure = error.message.slice(0, 300);
        // A TCP client can only be hung up on; the reason is in the forward's listing.
        socket.destroy();
      },
    );
    this.#parts.onChange();
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/**
 * Calls when the peer has ended before it has sent anything: it has given up waiting. What it sends meanwhile stays in
 * the socket's buffer, which is bounded. Gives what stops this.
 */
function onEarlyEnd(socket: Socket, call: () => void): () => void {
  const look = (): void => {
    // An end with an empty buffer is told only to whoever reads.
    if (socket.readableLength === 0) socket.read();
  };
  socket.on('readable', look);
  socket.on('end', call);
  return () => {
    socket.off('readable', look);
    socket.off('end', call);
  };
}
