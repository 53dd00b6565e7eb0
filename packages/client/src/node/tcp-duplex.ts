import { Duplex } from 'node:stream';
import { callbackify } from 'node:util';
import type { Tunnel } from '../tcp/index.ts';

type Done = (error?: Error | null) => void;

/** A tunnel as a Node stream, as a `net.Socket` with `allowHalfOpen` would be. Destroying it cuts it off. */
export class TcpDuplex extends Duplex {
  readonly #tunnel: Tunnel;

  constructor(tunnel: Tunnel) {
    super({ allowHalfOpen: true });
    this.#tunnel = tunnel;
  }

  override _read(): void {
    this.#tunnel.read().then(
      (bytes) => this.push(bytes ?? null),
      (error: unknown) => this.destroy(asError(error)),
    );
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    callbackify(() => this.#tunnel.write(chunk))(done);
  }

  override _final(done: Done): void {
    this.#tunnel.end();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#tunnel.destroy();
    done(error);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}
