/** Cuts a byte stream into lines of UTF-8 text; holds one line at most. */
export class LineSplitter {
  readonly #max: number;
  #parts: Buffer[] = [];
  #length = 0;

  /** @param max bytes of the longest line, without its end */
  constructor(max: number) {
    this.#max = max;
  }

  /** The lines that are complete with this chunk; undefined when one is too long, after which there is no going on. */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = [];
    let rest = chunk;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      if (this.#length + end > this.#max) return undefined;
      lines.push(Buffer.concat([...this.#parts, rest.subarray(0, end)]).toString('utf8'));
      this.#parts = [];
      this.#length = 0;
      rest = rest.subarray(end + 1);
    }
    this.#length += rest.length;
    if (this.#length > this.#max) return undefined;
    if (rest.length > 0) this.#parts.push(rest);
    return lines;
  }
}
