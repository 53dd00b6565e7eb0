import type { IncomingMessage } from 'node:http';

/** One message of a body. Index 0 is the message that begins it. */
export interface BodyMessage {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

export interface OutgoingBodyParts {
  readonly source: IncomingMessage;
  /** Length of the body in bytes, when it is known. */
  readonly length: number | undefined;
  /** Messages that may be on their way before any is acknowledged; at least one. Asked before each. */
  readonly window: () => number;
  /** Bytes of body that fit into a message. */
  readonly room: (index: number) => number;
  readonly send: (message: BodyMessage) => void;
  /** The source broke off. */
  readonly broken: () => void;
  /** Where the other end gives up a body of which nothing comes: an empty message goes after so long without one. */
  readonly whenQuiet?: { readonly ms: number; after(ms: number, call: () => void): () => void };
}

const NOTHING = new Uint8Array(0);

/**
 * Cuts the body of an HTTP message into messages of the contract, as fast as the other end acknowledges. A body of known
 * length fills each message; one of unknown length goes on as it comes.
 */
export class OutgoingBody {
  readonly #parts: OutgoingBodyParts;
  readonly #onReadable = (): void => this.#pump();
  #index = 0;
  #taken = 0;
  #bytes = 0;
  #begun: boolean;
  #done = false;
  #cancelQuiet: () => void = () => undefined;

  constructor(parts: OutgoingBodyParts) {
    this.#parts = parts;
    const { source, length } = parts;
    this.#begun = length !== undefined;
    if (length === 0) {
      this.#send(NOTHING, true);
      return;
    }
    this.#watchQuiet();
    source.on('readable', this.#onReadable);
    source.once('end', this.#onReadable);
    source.once('error', () => this.#break());
    source.once('close', () => this.#break());
    if (length === undefined) {
      // What is there already goes along with the head; the head does not wait for more.
      setImmediate(() => {
        this.#begun = true;
        this.#pump();
      });
    } else this.#pump();
  }

  /** All of it was handed on. */
  get done(): boolean {
    return this.#done;
  }

  /** So many messages were taken. @returns false when that many were never sent */
  acknowledge(taken: number): boolean {
    if (taken > this.#index) return false;
    if (taken > this.#taken) {
      this.#taken = taken;
      this.#pump();
    }
    return true;
  }

  /** Sends no more; the rest of the source is not read. Idempotent. */
  stop(): void {
    this.#done = true;
    this.#cancelQuiet();
    this.#parts.source.removeListener('readable', this.#onReadable);
  }

  #pump(): void {
    const { source, window, room } = this.#parts;
    while (!this.#done && this.#begun && this.#index < this.#taken + window()) {
      const most = room(this.#index);
      const left = this.#left();
      if (most <= 0) {
        // The head alone fills its message.
        this.#send(NOTHING, false);
        continue;
      }
      const wanted = Math.min(most, left ?? source.readableLength);
      const chunk: Uint8Array | null = wanted > 0 ? (source.read(wanted) as Uint8Array | null) : null;
      if (chunk === null) {
        if (source.readableEnded || (source.complete && source.readableLength === 0)) {
          if (left !== undefined && left > 0) return this.#break();
          return this.#send(NOTHING, true);
        }
        // An empty first message: the head of a body that has not begun.
        if (this.#index > 0 || left !== undefined) {
          source.read(0);
          return;
        }
      }
      this.#send(chunk ?? NOTHING, this.#isLast(chunk?.length ?? 0));
    }
  }

  #left(): number | undefined {
    const { length } = this.#parts;
    return length === undefined ? undefined : length - this.#bytes;
  }

  #isLast(bytes: number): boolean {
    const left = this.#left();
    if (left !== undefined) return left - bytes <= 0;
    const { source } = this.#parts;
    return source.complete && source.readableLength === 0;
  }

  #send(bytes: Uint8Array, last: boolean): void {
    const { source } = this.#parts;
    const index = this.#index;
    this.#index += 1;
    this.#bytes += bytes.length;
    if (last) {
      this.stop();
      // Its end is read too, so that its connection can be used again.
      source.resume();
    } else this.#watchQuiet();
    this.#parts.send({ index, bytes, last });
  }

  #watchQuiet(): void {
    const { whenQuiet, window } = this.#parts;
    if (whenQuiet === undefined) return;
    this.#cancelQuiet();
    this.#cancelQuiet = whenQuiet.after(whenQuiet.ms, () => {
      if (this.#done) return;
      // Without room it is the other end that is waited for.
      if (this.#index < this.#taken + window()) this.#send(NOTHING, false);
      else this.#watchQuiet();
    });
  }

  #break(): void {
    if (this.#done) return;
    const { source } = this.#parts;
    // `close` can come before the end of what is still to be read.
    if (source.complete && !source.errored) return;
    this.stop();
    this.#parts.broken();
  }
}
