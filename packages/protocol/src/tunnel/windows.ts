/**
 * Back-pressure over a WebSocket, which has none that a browser's programs could feel: each side sends no more than
 * {@link TUNNEL_WINDOW} bytes that the other has not yet passed on, and each tells what it has passed on.
 */

/** Bytes that may be on their way in one direction: at 50 ms there and back it is 160 Mbit/s. */
export const TUNNEL_WINDOW = 1024 * 1024;
/** What was passed on is told once it is so much: a message for each would cost more than the data. */
const TELL_BYTES = TUNNEL_WINDOW / 8;

/** The sender's side: how much more may be sent. */
export class SendWindow {
  #room = TUNNEL_WINDOW;

  get room(): number {
    return this.#room;
  }

  sent(bytes: number): void {
    this.#room -= bytes;
  }

  /** The other side has passed so much on; more than was sent is not believed. */
  taken(bytes: number): void {
    this.#room = Math.min(TUNNEL_WINDOW, this.#room + bytes);
  }
}

/** The receiver's side: what has come, and what of it has been passed on. */
export class ReceiveWindow {
  #untold = 0;
  #held = 0;

  /** Counts what came; false: more than was allowed. */
  received(bytes: number): boolean {
    this.#held += bytes;
    return this.#held + this.#untold <= TUNNEL_WINDOW;
  }

  /** Counts what was passed on; gives how much is to be told now, 0: nothing yet. */
  passedOn(bytes: number): number {
    this.#held -= bytes;
    this.#untold += bytes;
    if (this.#untold < TELL_BYTES) return 0;
    const told = this.#untold;
    this.#untold = 0;
    return told;
  }
}
