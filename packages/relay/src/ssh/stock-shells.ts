import type { ServerChannel } from 'ssh2';
import { endChannel } from './stock-commands.ts';

/** Ctrl-C, Ctrl-D and `q`. */
const ENDING = [0x03, 0x04, 0x71] as const;

/** The shells of one connection: they print what there is to tell, and end on Ctrl-C, Ctrl-D or `q`. */
export class StockShells {
  readonly #channels = new Set<ServerChannel>();

  get size(): number {
    return this.#channels.size;
  }

  [Symbol.iterator](): IterableIterator<ServerChannel> {
    return this.#channels.values();
  }

  add(channel: ServerChannel): void {
    this.#channels.add(channel);
    channel.on('close', () => this.#channels.delete(channel));
    channel.on('data', (keys: Buffer) => {
      if (ENDING.some((key) => keys.includes(key))) endChannel(channel, 0);
    });
  }

  /** A shell that reads nothing misses lines: they do not pile up. */
  print(line: string): void {
    for (const channel of this.#channels) {
      if (!channel.writableNeedDrain) channel.write(`${line}\r\n`);
    }
  }
}
