import type { PortRequests } from '../call-home/index.ts';
import type { Clock } from '../clock.ts';

/**
 * A request lives for so long after its last use: a browser's or an ssh's next connection finds the port open, and
 * a device on a mobile link does not keep a connection that nobody needs.
 */
export const LINGER_MS = 10 * 60_000;

/** Somebody needs a port of a device that calls home. */
export interface PortHold {
  /** The port that the device names in its `-R`. */
  readonly relayPort: number;
  /** Idempotent. The request ends `lingerMs` later, unless somebody else holds it. */
  release(lingerMs: number): void;
}

interface Entry {
  readonly id: string;
  readonly deviceId: string;
  readonly devicePort: number;
  readonly relayPort: number;
  holders: number;
  keepUntil: number;
  cancel: () => void;
}

/** Who needs which requests of the inboxes: a request lives as long as its last holder, and a little longer. */
export class PortHolds {
  readonly #requests: PortRequests;
  readonly #clock: Clock;
  /** By request. */
  readonly #entries = new Map<string, Entry>();

  constructor(parts: { requests: PortRequests; clock: Clock }) {
    this.#requests = parts.requests;
    this.#clock = parts.clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Undefined: the inbox is full, or the relay port stands for another of the device's ports. */
  hold(wish: {
    deviceId: string;
    devicePort: number;
    relayPort?: number;
    /** Until when it is surely needed, ms since 1970. */
    until?: number;
  }): PortHold | undefined {
    const { deviceId, devicePort, relayPort } = wish;
    const expiresAt = Math.max(wish.until ?? 0, this.#clock.now() + LINGER_MS);
    const request = this.#requests.ask({ deviceId, devicePort, relayPort, expiresAt });
    if (request === undefined) return undefined;
    const entry = this.#entryFor(request);
    entry.holders += 1;
    let released = false;
    return {
      relayPort: request.relayPort,
      release: (lingerMs) => {
        if (released) return;
        released = true;
        entry.holders -= 1;
        entry.keepUntil = Math.max(entry.keepUntil, this.#clock.now() + lingerMs);
        if (entry.holders === 0) this.#look(entry);
      },
    };
  }

  /** True when a port of a device is there because somebody asked for it. */
  isAskedFor(deviceId: string, devicePort: number): boolean {
    return this.#requests.list(deviceId).some((one) => one.devicePort === devicePort);
  }

  close(): void {
    for (const entry of this.#entries.values()) entry.cancel();
    this.#entries.clear();
  }

  #entryFor(request: { id: string; deviceId: string; devicePort: number; relayPort: number }): Entry {
    const there = this.#entries.get(request.id);
    if (there !== undefined) return there;
    const { id, deviceId, devicePort, relayPort } = request;
    const entry = { id, deviceId, devicePort, relayPort, holders: 0, keepUntil: 0, cancel: () => undefined };
    this.#entries.set(id, entry);
    this.#lookLater(entry, LINGER_MS / 2);
    return entry;
  }

  #lookLater(entry: Entry, ms: number): void {
    entry.cancel();
    entry.cancel = this.#clock.after(ms, () => this.#look(entry));
  }

  /** Extends what is held, ends what nobody has needed for long enough. */
  #look(entry: Entry): void {
    const { id, deviceId, devicePort, relayPort } = entry;
    if (this.#entries.get(id) !== entry) return;
    const now = this.#clock.now();
    const gone = this.#requests.match(deviceId, relayPort)?.id !== id;
    if (gone || (entry.holders === 0 && entry.keepUntil <= now)) {
      entry.cancel();
      this.#entries.delete(id);
      this.#requests.withdraw(deviceId, id);
      return;
    }
    const expiresAt = entry.holders > 0 ? now + LINGER_MS : entry.keepUntil;
    this.#requests.ask({ deviceId, devicePort, relayPort, expiresAt });
    this.#lookLater(entry, entry.holders > 0 ? LINGER_MS / 2 : entry.keepUntil - now);
  }
}
