import net from 'node:net';
import { PorchlightError } from '@porchlight/protocol';
import type { Tunnel } from '../tcp/index.ts';

/** On a LAN a connection stands within some ms. */
const CONNECT_MAX_MS = 1_000;

/**
 * Opens TCP connections on the LAN, for services that are open there: give it to a `Client` as `lanTcp`.
 * @throws PorchlightError `service_unreachable`: the client then goes through the relay
 */
export function openLanTcp(
  address: { readonly host: string; readonly port: number },
  signal?: AbortSignal,
): Promise<Tunnel> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = net.connect({ ...address, allowHalfOpen: true, noDelay: true });
    const late = setTimeout(() => socket.destroy(new Error('nothing answers')), CONNECT_MAX_MS);
    const leave = () => socket.destroy();
    signal?.addEventListener('abort', leave, { once: true });
    const settled = () => {
      clearTimeout(late);
      signal?.removeEventListener('abort', leave);
    };
    const fail = (cause: unknown) => {
      settled();
      reject(signal?.aborted === true ? signal.reason : unreachable(cause));
    };
    socket.once('error', fail);
    socket.once('close', fail);
    socket.once('connect', () => {
      settled();
      socket.off('error', fail);
      socket.off('close', fail);
      resolve(new LanTunnel(socket));
    });
  });
}

/** A socket, to be read and written piece by piece. */
class LanTunnel implements Tunnel {
  readonly #socket: net.Socket;
  readonly #pieces: AsyncIterator<Uint8Array>;
  #failure: unknown;
  readonly closed: Promise<void>;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    // The other direction goes on after the end of this one.
    this.#pieces = socket.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
    socket.on('error', (error) => {
      this.#failure ??= unreachable(error);
    });
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  async read(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await this.#pieces.next();
      return done === true ? undefined : value;
    } catch (error) {
      throw this.#failure ?? unreachable(error);
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => {
        if (error == null) resolve();
        else reject(this.#failure ?? unreachable(error));
      });
    });
  }

  end(): void {
    this.#socket.end();
  }

  destroy(error?: unknown): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }
}

function unreachable(cause: unknown): PorchlightError {
  const message = 'The connection on the LAN was cut off, or nothing answers there';
  return new PorchlightError('service_unreachable', message, { cause });
}
