import type { Channel } from 'ssh2';
import type { LinkSocket } from './ssh-link.ts';

/**
 * Most that waits for the network on one link before its channels write no more. ssh2 looks at each channel's window
 * alone: many channels, or one device that grants an endless window and reads nothing, would fill the memory, and what
 * is small would wait behind it.
 */
const WAITING_MAX = 1024 * 1024;

/** Holds the writes of a link's channels back while its connection has enough to send. */
export class HoldBack {
  readonly #socket: LinkSocket;
  readonly #held: (() => void)[] = [];

  constructor(socket: LinkSocket) {
    this.#socket = socket;
    // What is held was held above the mark, so that another `drain` is sure to come.
    socket.addListener('drain', () => {
      while (!this.#isFull()) {
        const write = this.#held.shift();
        if (write === undefined) return;
        write();
      }
    });
  }

  /** To be called before anything is written to the channel. */
  apply(channel: Channel): void {
    const write = channel._write;
    channel._write = (chunk, encoding, done): void => {
      const go = (): void => write.call(channel, chunk, encoding, done);
      // In the order in which they came, so that no channel overtakes another for ever.
      if (this.#held.length === 0 && !this.#isFull()) go();
      else this.#held.push(go);
    };
  }

  #isFull(): boolean {
    return this.#socket.writableLength > WAITING_MAX;
  }
}
