import { type FileHandle, open, rename } from 'node:fs/promises';

/** A file that only grows, until it is renamed to `<path>.1` and begun anew; the one before that is gone then. */
export class RotatingFile {
  readonly #path: string;
  readonly #max: number;
  #file: FileHandle | undefined;
  #size = 0;

  /** @param max bytes at which a new file is begun */
  constructor(path: string, max: number) {
    this.#path = path;
    this.#max = max;
  }

  /** Appends whole lines. Not to be called again before it is done. Throws the system's error. */
  async append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    this.#file ??= await this.#open();
    if (this.#size > 0 && this.#size + bytes.length > this.#max) {
      await this.close();
      await rename(this.#path, `${this.#path}.1`);
      this.#file = await this.#open();
    }
    await this.#file.appendFile(bytes);
    this.#size += bytes.length;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** A line that a crash or a full disk cut short is ended, so that the next one is whole. */
  async #open(): Promise<FileHandle> {
    const file = await open(this.#path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      this.#size = size;
      if (size > 0) {
        const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
        if (buffer[0] !== 0x0a) {
          await file.appendFile('\n');
          this.#size++;
        }
      }
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }
}
