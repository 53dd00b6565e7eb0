import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, readTextFile, replaceFile, syncFolder, systemErrorCode } from '../config/index.ts';

const PAUSED_FILE = 'paused';
const PAUSED_BYTES_MAX = 1024;

/**
 * Whether the device is paused, kept as the file `paused` in the data folder so that it survives a restart. Works
 * without a running agent too. One agent at a time writes it (the folder's lock).
 */
export class PauseSwitch {
  readonly #dataFolder: string;
  readonly #path: string;
  #paused: boolean;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(dataFolder: string, path: string, paused: boolean) {
    this.#dataFolder = dataFolder;
    this.#path = path;
    this.#paused = paused;
  }

  /** A file that is there counts as paused whatever is in it, also when it cannot be read. */
  static async open(dataFolder: string): Promise<PauseSwitch> {
    const path = join(dataFolder, PAUSED_FILE);
    const paused = await readTextFile(path, PAUSED_BYTES_MAX).then(
      () => true,
      (error: unknown) => systemErrorCode(error) !== 'ENOENT',
    );
    return new PauseSwitch(dataFolder, path, paused);
  }

  get paused(): boolean {
    return this.#paused;
  }

  /**
   * Pauses at once, even if that cannot be kept; resumes only when that could be kept.
   * @returns true when it made a difference
   * @throws ConfigError when the file cannot be written or removed
   */
  set(paused: boolean, now: number): Promise<boolean> {
    const done = this.#last.then(() => this.#set(paused, now));
    this.#last = done.catch(() => undefined); // told to the caller; the next one tries anew
    return done;
  }

  async #set(paused: boolean, now: number): Promise<boolean> {
    const before = this.#paused;
    try {
      if (paused) {
        this.#paused = true;
        await replaceFile(this.#path, `paused at ${new Date(now).toISOString()}\n`, 0o600);
      } else {
        await rm(this.#path, { force: true });
        await syncFolder(this.#dataFolder);
        this.#paused = false;
      }
    } catch (error) {
      const code = systemErrorCode(error) || String(error);
      const what = paused ? 'paused, but not beyond a restart' : 'still paused';
      throw new ConfigError(`${what}: ${this.#path} cannot be changed (${code}): check folder and disk`, {
        cause: error,
      });
    }
    return before !== paused;
  }
}
