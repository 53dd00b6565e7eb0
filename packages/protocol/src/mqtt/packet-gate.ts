/** What is wrong with the bytes of a client. */
export type GateFault = 'a packet that is too long' | 'a length that is none';

/**
 * Reads the lengths of MQTT packets out of a stream of bytes (MQTT 3.1.1 §2.2.3), so that a packet that is too long is
 * refused when it is announced, not when it has filled the memory. Pure.
 *
 *     byte 0   type and flags
 *     byte 1…4 remaining length, 7 bits each, lowest first; the top bit says that another follows
 *     then     so many bytes
 */
export class PacketGate {
  /** Packets that have begun. */
  packets = 0;
  /** Longest packet that is let through, in bytes; may be changed at any time. */
  bytesMax: number;
  #left = 0;
  #length = 0;
  /** Bytes of the length that were read; -1: a packet's first byte comes next. */
  #lengthBytes = -1;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Gives what is wrong with the stream, after which nothing of it may be used. */
  take(chunk: Uint8Array): GateFault | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const passed = Math.min(this.#left, chunk.length - at);
        this.#left -= passed;
        at += passed;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (this.#lengthBytes < 0) {
        this.packets += 1;
        this.#lengthBytes = 0;
        this.#length = 0;
        continue;
      }
      this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes;
      this.#lengthBytes += 1;
      if ((byte & 0x80) !== 0) {
        if (this.#lengthBytes === 4) return 'a length that is none';
        continue;
      }
      if (this.#length > this.bytesMax) return 'a packet that is too long';
      this.#left = this.#length;
      this.#lengthBytes = -1;
    }
    return undefined;
  }
}
