/** Counts connections that have not yet proven a key, for each address and in all. */
export class UnauthenticatedLimit {
  readonly #perAddress: number;
  readonly #inAll: number;
  readonly #byAddress = new Map<string, number>();
  #count = 0;

  constructor(limits: { perAddress: number; inAll: number }) {
    this.#perAddress = limits.perAddress;
    this.#inAll = limits.inAll;
  }

  /** Takes a place; gives what frees it (idempotent), or undefined when there is none. */
  enter(address: string): (() => void) | undefined {
    const here = this.#byAddress.get(address) ?? 0;
    if (here >= this.#perAddress || this.#count >= this.#inAll) return undefined;
    this.#byAddress.set(address, here + 1);
    this.#count += 1;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#count -= 1;
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left <= 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, left);
    };
  }

  get count(): number {
    return this.#count;
  }
}

/**
 * Ends a connection that has sent more than `most` bytes before it was released. Each packet costs work, and many get
 * an answer (RFC 4254 §4, §5.1) that waits in memory while the peer does not read.
 * @returns releases the connection; idempotent
 */
export function limitBytes(socket: CountedSocket, most: number, exceeded: () => void): () => void {
  let heard = 0;
  const count = (chunk: Uint8Array): void => {
    heard += chunk.length;
    if (heard <= most) return;
    socket.off('data', count);
    exceeded();
  };
  socket.on('data', count);
  return () => void socket.off('data', count);
}

/** What {@link limitBytes} needs of a connection. */
export interface CountedSocket {
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  off(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
}
