import type { Channel as Ssh2Channel } from 'ssh2';

/** The part of a Writable that gathering needs. */
export interface Gatherable {
  write(chunk: Buffer): boolean;
  cork(): void;
  uncork(): void;
}

/** Chunks that wait together leave in one SSH packet up to this; a copy of more costs more than a packet. */
const GATHERED_MAX = 16 * 1024;

/**
 * Makes what is written to a link's socket within one turn of the event loop leave in two system calls: ssh2 writes each
 * packet by itself. The first leaves at once, so that a lone answer waits for nothing; the others at the end of the turn.
 */
export function gatherWrites(socket: Gatherable): void {
  let state: 'quiet' | 'written' | 'gathering' = 'quiet';
  const endTurn = (): void => {
    const gathered = state === 'gathering';
    state = 'quiet';
    if (gathered) socket.uncork();
  };
  const write = socket.write;
  socket.write = function gatheredWrite(...args: unknown[]): boolean {
    if (state === 'quiet') {
      state = 'written';
      setImmediate(endTurn);
    } else if (state === 'written') {
      state = 'gathering';
      socket.cork();
    }
    return Reflect.apply(write, socket, args) as boolean;
  };
}

/** Lets small chunks that were written to a channel together, an answer's head and body, leave in one SSH packet. */
export function gatherChunks(channel: Ssh2Channel): void {
  channel._writev = function writeGathered(chunks, done) {
    const [first] = chunks;
    if (first === undefined) return done();
    let total = 0;
    for (const { chunk } of chunks) total += bytesOf(chunk).length;
    if (total <= GATHERED_MAX) {
      const all =
        chunks.length === 1
          ? bytesOf(first.chunk)
          : Buffer.concat(
              chunks.map(({ chunk }) => bytesOf(chunk)),
              total,
            );
      channel._write(all, 'buffer' as BufferEncoding, done);
      return;
    }
    let next = 0;
    const step = (error?: Error | null): void => {
      const entry = chunks[next];
      if (error != null || entry === undefined) return done(error);
      next += 1;
      channel._write(bytesOf(entry.chunk), 'buffer' as BufferEncoding, step);
    };
    step();
  };
}

/** Channels decode strings before they are written (`decodeStrings`), so a chunk is bytes already. */
function bytesOf(chunk: unknown): Buffer {
  return chunk as Buffer;
}
