import type { Duplex } from 'node:stream';
import { SendBudget } from './send-budget.ts';

/** What a channel may send at once, whatever others do, when nothing of it is on its way: a small answer. */
const SPARSE_BYTES = 8 * 1024;
/** Bytes of one turn. A bigger piece would keep others waiting on a slow line, a smaller one costs packets. */
const TURN_MAX = 32 * 1024;
const TURN_MIN = 1400;

type Done = (error?: Error | null) => void;

/** A chunk that waits for its turns. */
interface Waiting {
  readonly channel: Duplex;
  readonly chunk: Buffer;
  readonly pass: (piece: Buffer, passed: Done) => void;
  readonly done: Done;
  offset: number;
}

export interface FairSenderParts {
  /** Sends something behind all that was sent, which the relay answers; `answered` is called then, in order. */
  readonly mark: (answered: () => void) => void;
  /** A monotonic clock, in ms. */
  readonly now: () => number;
}

/**
 * Decides whose bytes leave next on one connection. Without it every channel hands what it has to the socket at once,
 * and a small answer waits behind megabytes in its buffer. Here no more is under way than {@link SendBudget} allows;
 * the rest waits in its channels, which take turns, and a channel that has nothing under way goes first.
 */
export class FairSender {
  readonly #parts: FairSenderParts;
  readonly #budget: SendBudget;
  readonly #waiting: Waiting[] = [];
  #serving = false;

  constructor(parts: FairSenderParts) {
    this.#parts = parts;
    this.#budget = new SendBudget(parts.now);
  }

  /** Makes a channel's bytes leave by these rules, from now on. */
  take(channel: Duplex): void {
    const send = channel._write.bind(channel);
    const budget = this.#budget;
    /** Position behind this channel's last byte, and what it may send beyond the budget until that is confirmed. */
    let end = 0;
    let sparse = SPARSE_BYTES;
    channel._write = (chunk: Buffer, encoding, done) => {
      if (budget.confirmed >= end) sparse = SPARSE_BYTES;
      const fits = this.#waiting.length === 0 && chunk.length <= budget.room;
      const pass = (piece: Buffer, passed: Done): void => {
        budget.spend(piece.length);
        end = budget.sent;
        send(piece, encoding, passed);
        if (budget.markDue) this.#mark();
      };
      if (fits || chunk.length <= sparse) {
        sparse -= chunk.length;
        pass(chunk, done);
        return;
      }
      this.#waiting.push({ channel, chunk, pass, done, offset: 0 });
      this.#serve();
    };
  }

  /** Tells of a round trip measured in another way. */
  observe(roundTrip: number): void {
    this.#budget.observe(roundTrip);
  }

  #mark(): void {
    this.#budget.marked();
    this.#parts.mark(() => {
      this.#budget.answered();
      this.#serve();
    });
  }

  /** Gives turns while there is room. */
  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    while (this.#waiting.length > 0 && this.#budget.room > 0) {
      const next = this.#waiting.shift();
      if (next !== undefined && !next.channel.destroyed) this.#turn(next);
    }
    this.#serving = false;
    if (this.#waiting.length > 0 && this.#budget.want()) this.#mark();
  }

  #turn(waiting: Waiting): void {
    const size = Math.max(TURN_MIN, Math.min(TURN_MAX, this.#budget.budget / 4));
    const piece = waiting.chunk.subarray(waiting.offset, waiting.offset + Math.floor(size));
    waiting.offset += piece.length;
    // ssh2 calls back at once, or when the relay gives the channel a window again.
    waiting.pass(piece, (error) => {
      if (error != null || waiting.offset >= waiting.chunk.length) {
        waiting.done(error);
        return;
      }
      this.#waiting.push(waiting);
      this.#serve();
    });
  }
}
