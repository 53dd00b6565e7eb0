import { LINK_SILENCE_MAX_MS } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import type { Link, LinkConnection, LinkListener } from './link.ts';

const LOOK_MS = 3_000;
/** A link that has been silent for so long is asked: an agent never is. */
const PING_AFTER_MS = 21_000 - LOOK_MS;
/** Most that may wait for a peer that does not read: more than any window allows is no honest peer. */
const UNSENT_MAX = 64 * 1024 * 1024;

/**
 * Ends connections that have been silent for too long or that never read: one timer for all of them. An agent sends a
 * ping every 20 s, so that a link without any byte for 29 s leads nowhere.
 */
export class LinkWatch implements LinkListener {
  readonly #links = new Set<Link>();
  readonly #heard = new WeakMap<LinkConnection, { bytes: number; at: number }>();
  readonly #clock: Clock;
  readonly #cancel: () => void;

  constructor(parts: { clock: Clock }) {
    this.#clock = parts.clock;
    this.#cancel = parts.clock.every(LOOK_MS, () => this.#look());
  }

  up(link: Link): void {
    this.#links.add(link);
    for (const connection of connectionsOf(link)) this.#heardOf(connection);
  }

  /** A connection may have joined. */
  changed(link: Link): void {
    if (link.connections !== undefined) this.up(link);
  }

  down(link: Link): void {
    this.#links.delete(link);
  }

  close(): void {
    this.#cancel();
  }

  #look(): void {
    for (const link of this.#links) {
      // A copy: a connection that is ended here may leave at once.
      for (const connection of [...connectionsOf(link)]) this.#lookAt(connection);
    }
  }

  #lookAt(connection: LinkConnection): void {
    const now = this.#clock.monotonic();
    const heard = this.#heardOf(connection);
    const bytes = connection.bytesIn;
    if (bytes !== heard.bytes) {
      heard.bytes = bytes;
      heard.at = now;
    } else if (now - heard.at > LINK_SILENCE_MAX_MS - LOOK_MS) {
      connection.end('nothing was heard from the device any more');
    } else if (now - heard.at > PING_AFTER_MS) connection.ping();
    if (connection.unsent > UNSENT_MAX) connection.end('the device did not read what was sent to it');
  }

  #heardOf(connection: LinkConnection): { bytes: number; at: number } {
    const there = this.#heard.get(connection);
    if (there !== undefined) return there;
    const heard = { bytes: connection.bytesIn, at: this.#clock.monotonic() };
    this.#heard.set(connection, heard);
    return heard;
  }
}

function connectionsOf(link: Link): Iterable<LinkConnection> {
  return link.connections ?? [link];
}
