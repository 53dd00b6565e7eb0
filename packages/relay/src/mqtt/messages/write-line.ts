import { PorchlightError } from '@porchlight/protocol';
import { WRITES_WAITING_MAX } from '../limits.ts';
import type { MessageChange } from './message-store.ts';

/** Changes written in one transaction at most: a batch must not hold the database for long. */
const BATCH_MAX = 500;

interface Waiting {
  readonly changes: readonly MessageChange[];
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Writes changes in the order in which they came, many in one transaction: what comes while one is being written waits
 * for the next. Promises are kept in the same order, so that whoever goes on after one keeps the order of messages.
 */
export class WriteLine {
  readonly #write: (changes: readonly MessageChange[]) => Promise<void>;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  constructor(write: (changes: readonly MessageChange[]) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves when the changes are safe. @throws PorchlightError `busy` when too much waits; what the store throws */
  add(changes: readonly MessageChange[]): Promise<void> {
    if (this.#waiting.length >= WRITES_WAITING_MAX) return Promise.reject(new PorchlightError('busy'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
      this.#writing ??= this.#run();
    });
  }

  /** Resolves when everything that was added before is written, or has failed. */
  async settled(): Promise<void> {
    if (this.#writing === undefined) return;
    await this.add([]).catch(() => undefined);
  }

  async #run(): Promise<void> {
    // What is added in this turn goes into the same transaction.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      try {
        await this.#writeAll(batch.flatMap(({ changes }) => changes));
        for (const one of batch) one.resolve();
      } catch {
        await this.#apart(batch);
      }
    }
    this.#writing = undefined;
  }

  #take(): Waiting[] {
    let size = 0;
    let count = 0;
    for (const { changes } of this.#waiting) {
      if (count > 0 && size + changes.length > BATCH_MAX) break;
      size += changes.length;
      count += 1;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return batch;
  }

  /** One that cannot be written must not fail the others of its batch. */
  async #apart(batch: readonly Waiting[]): Promise<void> {
    for (const one of batch) {
      try {
        await this.#writeAll(one.changes);
        one.resolve();
      } catch (error) {
        one.reject(error);
      }
    }
  }

  async #writeAll(changes: readonly MessageChange[]): Promise<void> {
    if (changes.length > 0) await this.#write(changes);
  }
}
