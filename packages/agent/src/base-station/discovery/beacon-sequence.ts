import { z } from 'zod';
import { KeptFile } from '../kept-file.ts';

const FILE = 'beacon.json';
/** Numbers that one write to the disk is good for: cards with a limited life get one every few hours. */
const RESERVED = 1_000;

const kept = z.strictObject({ next: z.int().min(1) });

/** Numbers that rise for ever: after a crash some are left out, none comes twice. */
export class BeaconSequence {
  readonly #file: KeptFile<typeof kept>;
  #next: number;
  #end: number;

  private constructor(file: KeptFile<typeof kept>) {
    this.#file = file;
    this.#next = file.value.next;
    this.#end = file.value.next;
  }

  /** @throws ConfigError when its file is damaged */
  static async open(dataFolder: string): Promise<BeaconSequence> {
    return new BeaconSequence(await KeptFile.open(dataFolder, FILE, kept, { next: 1 }));
  }

  /** @throws ConfigError when the disk does not take it; no number is given then */
  async next(): Promise<number> {
    if (this.#next >= this.#end) {
      const end = this.#next + RESERVED;
      await this.#file.change(() => ({ next: end }));
      this.#end = end;
    }
    this.#next += 1;
    return this.#next - 1;
  }
}
