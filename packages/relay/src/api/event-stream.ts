import type { ServerResponse } from 'node:http';
import type { LiveEvent } from '@porchlight/protocol/api';

/** Bytes that wait for one reader; whoever falls behind further is ended, and reads everything anew on return. */
const WAITING_MAX = 4 * 1024 * 1024;

/**
 * Server-sent events over one response (WHATWG HTML §9.2). While the reader is slow the frames wait here; a newer one
 * of the same key takes the place of the older, so that thousands of changes to a device wait as one.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #onEnd: () => void;
  readonly #waiting = new Map<string, string>();
  #waitingBytes = 0;
  #blocked = false;
  #blockedAtLastBeat = false;
  #unique = 0;
  /** True once it has ended, from either side. */
  ended = false;

  /** @param onEnd called once, when the stream ends from either side; not if `ended` is true from the start */
  constructor(response: ServerResponse, headers: Record<string, string>, onEnd: () => void) {
    this.#response = response;
    this.#onEnd = onEnd;
    if (isGone(response)) {
      this.ended = true;
      return;
    }
    response.once('close', () => this.#finish());
    response.once('error', () => this.#finish());
    response.on('drain', () => this.#drain());
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
    this.#write('retry: 3000\n\n');
  }

  /** @param key frames of the same key replace each other while they wait; undefined: each one counts. */
  send(event: LiveEvent, key: string | undefined): void {
    if (this.ended) return;
    const frame = `data: ${JSON.stringify(event)}\n\n`;
    if (!this.#blocked) return this.#write(frame);
    this.#unique += 1;
    const name = key ?? `#${this.#unique}`;
    this.#waitingBytes += frame.length - (this.#waiting.get(name)?.length ?? 0);
    this.#waiting.delete(name);
    this.#waiting.set(name, frame);
    if (this.#waitingBytes > WAITING_MAX) this.destroy();
  }

  /** Keeps proxies from ending a quiet stream; ends a reader that took nothing since the last beat. */
  beat(): void {
    if (this.ended) return;
    if (this.#blocked && this.#blockedAtLastBeat) return this.destroy();
    this.#blockedAtLastBeat = this.#blocked;
    if (!this.#blocked) this.#write(': still here\n\n');
  }

  /** Ends it after what was written. */
  end(): void {
    if (this.ended) return;
    this.#response.end();
    this.#finish();
  }

  destroy(): void {
    this.#response.destroy();
    this.#finish();
  }

  #finish(): void {
    if (this.ended) return;
    this.ended = true;
    this.#waiting.clear();
    this.#onEnd();
  }

  #drain(): void {
    if (this.ended) return;
    this.#blocked = false;
    this.#blockedAtLastBeat = false;
    for (const [key, frame] of this.#waiting) {
      if (this.#blocked || this.ended) return;
      this.#waiting.delete(key);
      this.#waitingBytes -= frame.length;
      this.#write(frame);
    }
  }

  #write(text: string): void {
    this.#blocked = !this.#response.write(text);
  }
}

/** The caller left before the answer began: `close` has been emitted and will not be again. */
function isGone(response: ServerResponse & { stream?: { destroyed: boolean } }): boolean {
  // The compatibility API of node:http2 has the state on its stream only.
  return response.destroyed || response.stream?.destroyed === true;
}
