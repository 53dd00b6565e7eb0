import { adoptChannel } from '@porchlight/link';
import type { ServerChannel, Channel as Ssh2Channel } from 'ssh2';

/** Keys that end what runs in a terminal: Ctrl-C and Ctrl-D. */
const CTRL_C = 0x03;
const CTRL_D = 0x04;
/** Exit status of what Ctrl-C ended, as shells have it. */
const INTERRUPTED = 130;
/** Bytes that may wait for a client that reads slowly, in all of its sessions, before what would write more is ended. */
const WAITING_MAX = 1024 * 1024;
/** Most that a command reads from its standard input. */
const INPUT_MAX = 16 * 1024;

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What the connection lends to a terminal. */
export interface TerminalHost {
  /** Called when the client sends more than it may. */
  readonly onOverflow: () => void;
  /** {@link Terminal.waiting} of all terminals of the connection, together. */
  readonly waitingInAll: () => number;
}

/** A program's end of a session channel (RFC 4254 §6): standard output, error and input, size, and exit status. */
export class Terminal {
  /** Undefined without a terminal at the other end. */
  size: Size | undefined;
  readonly #channel: ServerChannel;
  readonly #waitingInAll: () => number;
  readonly #hungUp = new AbortController();
  #onKey: ((key: string) => void) | undefined;
  #onResize: (() => void) | undefined;
  #exited = false;

  /** @param size undefined without a terminal at the other end */
  constructor(channel: ServerChannel, size: Size | undefined, host: TerminalHost) {
    this.#channel = channel;
    this.#waitingInAll = host.waitingInAll;
    this.size = size;
    adoptChannel(channel, host.onOverflow);
    // The channel ends with the command, whether or not the client has sent its end.
    channel.on('finish', () => channel.close());
    channel.on('close', () => this.#hungUp.abort());
    if (size !== undefined) channel.on('data', (data: Buffer) => this.#keys(data));
  }

  /** Aborted when the client has hung up, or pressed Ctrl-C. */
  get signal(): AbortSignal {
    return this.#hungUp.signal;
  }

  /** Writes to standard output; `text` has its own line ends. */
  out(text: string): void {
    this.#write(this.#channel, text);
  }

  /** Writes to standard error. */
  err(text: string): void {
    this.#write(this.#channel.stderr, text);
  }

  /** False while the client has not read what was written. */
  get ready(): boolean {
    return this.#channel.writableLength === 0;
  }

  /** Bytes that the client has not read. */
  get waiting(): number {
    return this.#channel.writableLength + this.#channel.stderr.writableLength;
  }

  /** Calls for each key pressed, from now on. */
  onKeys(listener: (key: string) => void): void {
    this.#onKey = listener;
  }

  onResize(listener: () => void): void {
    this.#onResize = listener;
  }

  resize(size: Size): void {
    this.size = size;
    this.#onResize?.();
  }

  /** Standard input to its end; undefined when it is longer than a command takes. */
  input(): Promise<string | undefined> {
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let length = 0;
      this.#channel.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length <= INPUT_MAX) chunks.push(chunk);
        else resolve(undefined);
      });
      this.#channel.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      this.#channel.on('close', () => resolve(undefined));
    });
  }

  /** Ends the session. Idempotent. */
  exit(status: number): void {
    if (this.#exited) return;
    this.#exited = true;
    if (this.#channel.destroyed) return;
    this.#channel.exit(status);
    this.#channel.end();
  }

  /** Ends what runs, as a hang-up does. */
  hangUp(): void {
    this.#hungUp.abort();
  }

  #write(to: Ssh2Channel | ServerChannel['stderr'], text: string): void {
    if (this.#exited || this.#channel.destroyed || !to.writable) return;
    if (this.#waitingInAll() > WAITING_MAX) {
      this.#channel.destroy();
      return;
    }
    // A terminal in raw mode goes down a line with LF, and to its beginning with CR.
    to.write(this.size === undefined ? text : text.replaceAll('\n', '\r\n'));
  }

  #keys(data: Buffer): void {
    if (this.#onKey !== undefined) {
      for (const key of data.toString('utf8')) this.#onKey(key);
    } else if (data.includes(CTRL_C) || data.includes(CTRL_D)) {
      this.#hungUp.abort();
      this.exit(INTERRUPTED);
    }
  }
}
