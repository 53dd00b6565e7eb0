import type { Writable } from 'node:stream';
import type { BodyMessage } from './outgoing-body.ts';

export interface IncomingBodyParts {
  readonly sink: Pick<Writable, 'write' | 'end'>;
  /** Messages that the other end may send before any is acknowledged. */
  readonly window: number;
  readonly acknowledge: (taken: number) => void;
}

/** What is wrong with a message of a body: it was there already; one before it is missing; it came too early. */
export type BodyFault = 'duplicate' | 'gap' | 'overrun';

/** Puts a body together from its messages, and acknowledges them when the sink has taken them. */
export class IncomingBody {
  readonly #parts: IncomingBodyParts;
  #next = 0;
  #taken = 0;
  #acknowledged = 0;
  #complete = false;

  constructor(parts: IncomingBodyParts) {
    this.#parts = parts;
  }

  /** The last message has come. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Nothing that came waits for the sink. */
  get drained(): boolean {
    return this.#taken === this.#next;
  }

  take({ index, bytes, last }: BodyMessage): BodyFault | undefined {
    if (index < this.#next || this.#complete) return 'duplicate';
    if (index > this.#next) return 'gap';
    if (index >= this.#acknowledged + this.#parts.window) return 'overrun';
    this.#next += 1;
    this.#complete = last;
    const { sink } = this.#parts;
    if (bytes.length === 0) this.#onTaken();
    else
      sink.write(bytes, (error) => {
        if (!error) this.#onTaken();
      });
    if (last) sink.end();
    return undefined;
  }

  #onTaken(): void {
    this.#taken += 1;
    const unsaid = this.#taken - this.#acknowledged;
    // Half a window at once: with each of them a message would go for each message.
    if (this.#complete || unsaid * 2 < this.#parts.window) return;
    this.#acknowledged = this.#taken;
    this.#parts.acknowledge(this.#taken);
  }
}
