import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';

/** Readable for the group, as other servers' logs; the relay's umask takes that away unless its owner allows it. */
const FILE_MODE = 0o640;

export interface LogFileParts {
  readonly path: string;
  /** It is set aside before it would grow beyond this; 0: never. */
  readonly maxBytes: number;
  /** Files set aside that are kept, as `path.1` (the newest) to `path.<keep>`. */
  readonly keep: number;
}

/** A file that is only appended to, and set aside by size. One call at a time. */
export class LogFile {
  readonly #parts: LogFileParts;
  #handle: FileHandle | undefined;

  constructor(parts: LogFileParts) {
    this.#parts = parts;
  }

  /** Opens the file, making it if need be. @throws the system's error */
  async open(): Promise<void> {
    // Not blocking: a pipe that nobody reads would hold a thread for ever.
    const { O_APPEND, O_CREAT, O_WRONLY, O_NONBLOCK } = constants;
    this.#handle ??= await open(this.#parts.path, O_APPEND | O_CREAT | O_WRONLY | O_NONBLOCK, FILE_MODE);
  }

  /**
   * Appends; notices before that when another program has moved or removed the file, and sets it aside when it is full.
   * @returns how many bytes were written: fewer than given when the disk became full on the way
   * @throws the system's error, when none was written
   */
  async append(bytes: Buffer): Promise<number> {
    const handle = await this.#present(bytes.length);
    let written = 0;
    while (written < bytes.length) {
      try {
        const { bytesWritten } = await handle.write(bytes, written);
        written += bytesWritten;
      } catch (error) {
        if (written > 0) return written;
        // It may be a matter of this opening of it, such as a network file system that went away.
        await this.close();
        throw error;
      }
    }
    return written;
  }

  /** The next append opens the file anew. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #present(more: number): Promise<FileHandle> {
    const { path, maxBytes } = this.#parts;
    await this.open();
    const there = await stat(path).catch(missing);
    const mine = await this.#handle?.stat();
    if (there === undefined || there.ino !== mine?.ino || there.dev !== mine.dev) await this.close();
    else if (maxBytes > 0 && there.isFile() && there.size > 0 && there.size + more > maxBytes) {
      await this.close();
      await this.#setAside();
    }
    await this.open();
    if (this.#handle === undefined) throw new Error('the file was closed while it was opened');
    return this.#handle;
  }

  /** `access.log` → `access.log.1` → `access.log.2` … */
  async #setAside(): Promise<void> {
    const { path, keep } = this.#parts;
    if (keep === 0) {
      await rm(path);
      return;
    }
    for (let n = keep - 1; n >= 1; n -= 1) await rename(`${path}.${n}`, `${path}.${n + 1}`).catch(missing);
    await rename(path, `${path}.1`);
  }
}

function missing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
