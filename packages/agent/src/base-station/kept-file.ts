import { join } from 'node:path';
import type { z } from 'zod';
import { ConfigError, readTextFile, replaceFile, systemErrorCode } from '../config/index.ts';

/** A thousand devices with long names fit. */
const FILE_MAX = 2 * 1024 * 1024;

/**
 * A small JSON file of the data folder that is held in memory and written whole (mode 0600) at each change, one change
 * after the other. After a crash there is the old one or the new one.
 */
export class KeptFile<S extends z.ZodType> {
  readonly #path: string;
  #value: z.output<S>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, value: z.output<S>) {
    this.#path = path;
    this.#value = value;
  }

  /** `empty`: the value while there is no file. @throws ConfigError when the file is damaged or cannot be read */
  static async open<S extends z.ZodType>(
    dataFolder: string,
    name: string,
    schema: S,
    empty: z.output<S>,
  ): Promise<KeptFile<S>> {
    const path = join(dataFolder, name);
    try {
      const { text } = await readTextFile(path, FILE_MAX);
      return new KeptFile<S>(path, schema.parse(JSON.parse(text)));
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return new KeptFile<S>(path, empty);
      if (error instanceof ConfigError) throw error;
      throw new ConfigError(
        `${path} is damaged: restore it from a backup, or remove it and let devices in again`,
        {
          cause: error,
        },
      );
    }
  }

  get value(): z.output<S> {
    return this.#value;
  }

  /**
   * Makes the next value of the present one, and holds it once it is on the disk. `change` may give the value as it
   * is: then nothing is written. @throws ConfigError when it cannot be written; what `change` throws
   */
  change(change: (value: z.output<S>) => z.output<S>): Promise<void> {
    const done = this.#last.then(async () => {
      const wanted = change(this.#value);
      if (wanted === this.#value) return;
      try {
        await replaceFile(this.#path, `${JSON.stringify(wanted)}\n`, 0o600);
      } catch (error) {
        const code = systemErrorCode(error) || String(error);
        throw new ConfigError(`${this.#path} cannot be written (${code}): check folder and disk`, {
          cause: error,
        });
      }
      this.#value = wanted;
    });
    this.#last = done.catch(() => undefined); // told to the caller; the next one tries anew
    return done;
  }
}
