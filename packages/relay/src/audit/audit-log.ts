import type { AuditEntry } from '@porchlight/protocol/api';
import type { Clock } from '../clock.ts';
import type { AuditStore, NewAuditEntry } from './audit-store.ts';

/** Written once a second, or as soon as so many entries wait. */
const BATCH_MS = 1_000;
const BATCH_MAX = 200;
/** Entries kept while the database does not take them; beyond that new ones are dropped and counted. */
const WAITING_MAX = 10_000;

/** What domains write to; never blocks and never throws. */
export interface Audit {
  append(entry: NewAuditEntry): void;
}

/**
 * The audit log in front of its store: entries are appended in batches, in order. A batch that the database refuses
 * is kept and tried again. {@link AuditLog.close} writes what is left.
 */
export class AuditLog implements Audit {
  readonly #store: AuditStore;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #waiting: NewAuditEntry[] = [];
  #dropped = 0;
  #cancelTimer: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(parts: { store: AuditStore; clock: Clock; onError: (error: unknown) => void }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#onError = parts.onError;
  }

  append(entry: NewAuditEntry): void {
    if (this.#waiting.length >= WAITING_MAX) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(entry);
    if (this.#waiting.length === BATCH_MAX) void this.flush();
    else this.#cancelTimer ??= this.#clock.after(BATCH_MS, () => void this.flush());
  }

  /** Writes what waits. Never rejects: a failure is reported, and the entries wait for the next time. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#flushing = this.#flushing.then(() => this.#writeWaiting());
    return this.#flushing;
  }

  /** Newest first, with everything written so far. */
  async list(accountId: string, query: Parameters<AuditStore['list']>[1]): Promise<AuditEntry[]> {
    await this.flush();
    return this.#store.list(accountId, query);
  }

  async close(): Promise<void> {
    await this.flush();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH_MAX);
      try {
        await this.#store.append(batch);
      } catch (error) {
        this.#onError(error);
        this.#cancelTimer ??= this.#clock.after(BATCH_MS, () => void this.flush());
        return;
      }
      this.#waiting.splice(0, batch.length);
      if (this.#dropped > 0) {
        this.#onError(
          new Error(`the audit log lost ${this.#dropped} entries while the database was failing`),
        );
        this.#dropped = 0;
      }
    }
  }
}
