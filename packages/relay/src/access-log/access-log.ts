import type { Clock } from '../clock.ts';
import type { Logger } from '../telemetry/index.ts';
import type { AccessEntry } from './access-entry.ts';
import type { LineFormat } from './lines.ts';
import type { LogFile } from './log-file.ts';

/** Written once a second, or as soon as so much waits. */
const BATCH_MS = 1_000;
const BATCH_CHARS = 256 * 1024;
/** What waits while the disk does not take it, in characters, beside the batch under way; beyond that lines are lost. */
const WAITING_MAX = 8 * 1024 * 1024;
/** A disk that refuses is tried again after so long. */
const RETRY_MS = 5_000;

export interface AccessLogParts {
  readonly file: Pick<LogFile, 'append' | 'close'>;
  readonly format: LineFormat;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Takes finished requests and writes them in batches behind everybody's back; never blocks and never throws. */
export class AccessLog {
  readonly #parts: AccessLogParts;
  #waiting: string[] = [];
  #waitingChars = 0;
  /** The rest of a batch of which the disk took only a part. */
  #rest: Buffer | undefined;
  #lost = 0;
  #lostSinceFailure = 0;
  #failing = false;
  #cancelTimer: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: AccessLogParts) {
    this.#parts = parts;
  }

  /** Lines lost so far because the disk did not keep up. */
  get lost(): number {
    return this.#lost;
  }

  append(entry: AccessEntry): void {
    if (this.#waitingChars >= WAITING_MAX) {
      this.#lost += 1;
      this.#lostSinceFailure += 1;
      return;
    }
    const line = this.#parts.format(entry);
    const full = this.#waitingChars < BATCH_CHARS && this.#waitingChars + line.length >= BATCH_CHARS;
    this.#waiting.push(line);
    this.#waitingChars += line.length;
    if (full && !this.#failing) void this.flush();
    else this.#schedule(BATCH_MS);
  }

  /** Writes what waits. Never rejects: a failure is logged once, and the lines wait for the next try. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Opens the file anew with the next line: another program has moved it. */
  reopen(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#closeFile());
    return this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    await this.reopen();
  }

  #schedule(ms: number): void {
    this.#cancelTimer ??= this.#parts.clock.after(ms, () => void this.flush());
  }

  async #write(): Promise<void> {
    while (this.#rest !== undefined || this.#waiting.length > 0) {
      const bytes = this.#rest ?? this.#takeBatch();
      // Not lost when the disk refuses.
      this.#rest = bytes;
      try {
        const written = await this.#parts.file.append(bytes);
        this.#rest = written < bytes.length ? bytes.subarray(written) : undefined;
      } catch (error) {
        this.#fail(error);
        return;
      }
    }
    this.#recovered();
  }

  #takeBatch(): Buffer {
    const lines = this.#waiting.splice(0).join('');
    this.#waitingChars = 0;
    return Buffer.from(lines, 'latin1');
  }

  #fail(error: unknown): void {
    if (!this.#failing) this.#parts.logger.error({ error }, 'access log not written, trying again');
    this.#failing = true;
    this.#schedule(RETRY_MS);
  }

  #recovered(): void {
    if (this.#lostSinceFailure > 0) {
      this.#parts.logger.warn({ lines: this.#lostSinceFailure }, 'access log lost lines');
      this.#lostSinceFailure = 0;
    }
    if (!this.#failing) return;
    this.#failing = false;
    this.#parts.logger.info({}, 'access log is written again');
  }

  async #closeFile(): Promise<void> {
    try {
      await this.#parts.file.close();
    } catch (error) {
      this.#parts.logger.warn({ error }, 'access log not closed in order');
    }
  }
}
