import { LINK_SILENCE_MAX_MS } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import type { Link, LinkListener } from './link.ts';

const LOOK_MS = 3_000;
/** A link that has been silent for so long is asked: an agent never is. */
const PING_AFTER_MS = 21_000 - LOOK_MS;
/** Most that may wait for a peer that does not read: more than any window allows is no honest peer. */
const UNSENT_MAX = 64 * 1024 * 1024;

/**
 * Ends links that have been silent for too long or that never read: one timer for all of them. An agent sends a
 * ping every 20 s, so that a link without any byte for 29 s leads nowhere.
 */
export class LinkWatch implements LinkListener {
  readonly #heard = new Map<Link, { bytes: number; at: number }>();
  readonly #clock: Clock;
  readonly #cancel: () => void;

  constructor(parts: { clock: Clock }) {
    this.#clock = parts.clock;
    this.#cancel = parts.clock.every(LOOK_MS, () => this.#look());
  }

  up(link: Link): void {
    this.#heard.set(link, { bytes: link.bytesIn, at: this.#clock.monotonic() });
  }

  changed(): void {}

  down(link: Link): void {
    this.#heard.delete(link);
  }

  close(): void {
    this.#cancel();
  }

  #look(): void {
    const now = this.#clock.monotonic();
    for (const [link, heard] of this.#heard) {
      const bytes = link.bytesIn;
      if (bytes !== heard.bytes) {
        heard.bytes = bytes;
        heard.at = now;
      } else if (now - heard.at > LINK_SILENCE_MAX_MS - LOOK_MS) {
        link.end('nothing was heard from the device any more');
      } else if (now - heard.at > PING_AFTER_MS) link.ping();
      if (link.unsent > UNSENT_MAX) link.end('the device did not read what was sent to it');
    }
  }
}
