import { Duplex } from 'node:stream';
import {
  parseTunnelAsk,
  ReceiveWindow,
  SendWindow,
  TUNNEL_CLOSED,
  TUNNEL_MESSAGE_MAX,
  type TunnelSay,
} from '@porchlight/protocol/tunnel';
import type { RawData, WebSocket } from 'ws';

type Done = (error?: Error | null) => void;

/**
 * The relay's end of TCP in a WebSocket as a byte stream, with half-close and back-pressure in each direction.
 * Destroying it closes the WebSocket, so that the client sees a connection that was cut off.
 */
export class TunnelStream extends Duplex {
  readonly #socket: WebSocket;
  readonly #send = new SendWindow();
  readonly #receive = new ReceiveWindow();
  #waiting: { readonly chunk: Buffer; readonly done: Done } | undefined;
  #ended = { here: false, there: false };

  constructor(socket: WebSocket) {
    super({ allowHalfOpen: true, readableHighWaterMark: 64 * 1024, writableHighWaterMark: 64 * 1024 });
    this.#socket = socket;
    socket.on('message', (data, isBinary) => this.#hear(data, isBinary));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      // In order: what came is still passed on, and the stream ends by itself.
      if (this.#ended.here && this.#ended.there) return;
      this.destroy(Object.assign(new Error('the client left'), { code: 'ECONNRESET' }));
    });
    // An error may come before anybody listens; `close` tells the rest.
    this.on('error', () => undefined);
  }

  say(said: TunnelSay): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(said));
  }

  override _read(): void {
    // The client sends by itself, as far as its window goes.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    const piece = chunk.subarray(0, Math.min(this.#send.room, TUNNEL_MESSAGE_MAX));
    if (piece.length === 0) {
      this.#waiting = { chunk, done };
      return;
    }
    this.#send.sent(piece.length);
    const rest = chunk.subarray(piece.length);
    this.#socket.send(piece, { binary: true });
    if (rest.length === 0) done();
    else this._write(rest, 'utf8', done);
  }

  override _final(done: Done): void {
    this.#ended.here = true;
    this.say({ type: 'end' });
    this.#closeWhenDone();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#waiting = undefined;
    const inOrder = this.#ended.here && this.#ended.there && error === null;
    this.#socket.close(inOrder ? TUNNEL_CLOSED.inOrder : TUNNEL_CLOSED.cutOff);
    done(error);
  }

  /** Tells that so many bytes have gone on to the device. */
  passedOn(bytes: number): void {
    const told = this.#receive.passedOn(bytes);
    if (told > 0) this.say({ type: 'taken', bytes: told });
  }

  #hear(data: RawData, isBinary: boolean): void {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    if (this.destroyed) return;
    if (isBinary) {
      if (this.#ended.there || !this.#receive.received(bytes.length)) return this.#refuse();
      this.push(bytes);
      return;
    }
    const ask = parseTunnelAsk(bytes.toString('utf8'));
    if (ask === undefined) return this.#refuse();
    if (ask.type === 'end') {
      if (this.#ended.there) return this.#refuse();
      this.#ended.there = true;
      this.push(null);
      this.#closeWhenDone();
      return;
    }
    this.#send.taken(ask.bytes);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) this._write(waiting.chunk, 'utf8', waiting.done);
  }

  /** The client does not keep to the rules. */
  #refuse(): void {
    this.destroy(new Error('the client sent what it may not'));
  }

  #closeWhenDone(): void {
    if (this.#ended.here && this.#ended.there) this.#socket.close(TUNNEL_CLOSED.inOrder);
  }
}
