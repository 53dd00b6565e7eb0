import { join } from 'node:path';
import { RotatingFile } from './rotating-file.ts';
import { type AuditedRequest, AuditWindow } from './window.ts';

/** Name in the data folder; the file before it has `.1` behind its name. */
export const AUDIT_FILE = 'audit.log';
/** Two files of this size at most are on the disk. */
export const AUDIT_BYTES_MAX = 5 * 1024 * 1024;
/** Requests are gathered for so long, alike ones become one line. */
export const AUDIT_WINDOW_MS = 1_000;
/** Lines that wait for a slow disk, in characters; beyond that they are counted and dropped. */
const PENDING_MAX = 1024 * 1024;
/** Characters of one write, so that a file outgrows its bound by little at most. */
const WRITE_MAX = 64 * 1024;

/** The part of the clock that is used here. */
export interface AuditClock {
  now(): number;
  after(ms: number, call: () => void): () => void;
}

export interface AuditParts {
  readonly dataFolder: string;
  readonly clock: AuditClock;
  /** Told once when writing begins to fail (disk full, …), not again before it has worked. The agent goes on. */
  readonly onProblem: (error: unknown) => void;
  readonly maxBytes?: number;
}

/**
 * The device's own account of what was asked of it: JSON lines in `audit.log`, append-only, bounded in size. Noting
 * something never waits and never throws. Whoever opens it closes it, which writes what is left.
 */
export class AuditLog {
  readonly #clock: AuditClock;
  readonly #file: RotatingFile;
  readonly #onProblem: (error: unknown) => void;
  readonly #writeMax: number;
  readonly #window = new AuditWindow();
  #cancelWindow: (() => void) | undefined;
  #pending: string[] = [];
  #pendingLength = 0;
  #dropped = 0;
  #failing = false;
  #writing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor({ dataFolder, clock, onProblem, maxBytes = AUDIT_BYTES_MAX }: AuditParts) {
    this.#clock = clock;
    this.#onProblem = onProblem;
    this.#writeMax = Math.min(WRITE_MAX, maxBytes);
    this.#file = new RotatingFile(join(dataFolder, AUDIT_FILE), maxBytes);
  }

  /** Notes a request that the policy has judged. */
  request(request: AuditedRequest): void {
    if (this.#closed !== undefined) return;
    this.#window.add(request);
    this.#cancelWindow ??= this.#clock.after(AUDIT_WINDOW_MS, () => this.#endWindow());
  }

  /** Notes anything else, e.g. `paused`, `policy changed`, `link up`. Never pass a secret. */
  event(event: string, detail: Readonly<Record<string, string | number | boolean | undefined>> = {}): void {
    if (this.#closed !== undefined) return;
    this.#endWindow(); // keeps the order
    this.#line({ ...detail, event });
    this.#write();
  }

  /** Writes what is left and closes the file. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  async #finish(): Promise<void> {
    this.#endWindow();
    await this.#writing;
    await this.#file.close().catch(this.#onProblem);
  }

  #endWindow(): void {
    this.#cancelWindow?.();
    this.#cancelWindow = undefined;
    if (this.#window.empty) return;
    const { groups, others } = this.#window.take();
    for (const { count, ...group } of groups) this.#line(count === 1 ? group : { ...group, count });
    if (others > 0) this.#line({ event: 'more requests than could be noted', count: others });
    this.#write();
  }

  #line(entry: Record<string, unknown>): void {
    if (this.#pendingLength > PENDING_MAX) {
      this.#dropped++;
      return;
    }
    const line = `${JSON.stringify({ at: new Date(this.#clock.now()).toISOString(), ...entry })}\n`;
    this.#pending.push(line);
    this.#pendingLength += line.length;
  }

  /** One write at a time; what comes meanwhile goes with the next one. */
  #write(): void {
    if (this.#pending.length > 0) this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      const lines = this.#takeSome();
      try {
        await this.#file.append(lines.join(''));
        this.#failing = false;
        this.#tellDropped();
      } catch (error) {
        this.#dropped += lines.length;
        if (!this.#failing) this.#onProblem(error);
        this.#failing = true;
        await this.#file.close().catch(this.#onProblem);
      }
    }
    this.#writing = undefined; // in the same step as the last look, so that no line is left behind
  }

  #takeSome(): string[] {
    let length = 0;
    let end = 0;
    for (const line of this.#pending) {
      if (end > 0 && length + line.length > this.#writeMax) break;
      length += line.length;
      end++;
    }
    this.#pendingLength -= length;
    return this.#pending.splice(0, end);
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    const count = this.#dropped;
    this.#dropped = 0;
    this.#line({ event: 'lines lost because the disk did not take them', count });
  }
}
