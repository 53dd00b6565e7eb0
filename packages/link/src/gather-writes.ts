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
 * Gathered packets leave when there are so many bytes or packets of them, also within a turn: with all at its end the
 * two ends of a link would work in turns, each waiting for the other's whole batch (10 kB answers: 9 800/s, and
 * 12 700/s with these limits). Fewer would cost more system calls than the waiting.
 */
const BATCH_BYTES = 20_000;
const BATCH_PACKETS = 8;

/**
 * Makes what is written to a link's socket within one turn of the event loop leave in few system calls: ssh2 writes each
 * packet by itself. The first leaves at once, so that a lone answer waits for nothing; the others in batches, the last
 * of them at the end of the turn.
 */
export function gatherWrites(socket: Gatherable): void {
  let state: 'quiet' | 'written' | 'gathering' = 'quiet';
  let bytes = 0;
  let packets = 0;
  const leave = (): void => {
    bytes = 0;
    packets = 0;
    socket.uncork();
  };
  const endTurn = (): void => {
    if (state === 'gathering') leave();
    state = 'quiet';
  };
  const write = socket.write;
  socket.write = function gatheredWrite(...args: [Buffer, ...unknown[]]): boolean {
    if (state === 'quiet') {
      state = 'written';
      setImmediate(endTurn);
    } else if (state === 'written') {
      state = 'gathering';
      socket.cork();
    }
    const goOn = Reflect.apply(write, socket, args) as boolean;
    if (state === 'gathering') {
      bytes += args[0].length;
      packets += 1;
      if (bytes >= BATCH_BYTES || packets >= BATCH_PACKETS) {
        leave();
        socket.cork();
      }
    }
    return goOn;
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
