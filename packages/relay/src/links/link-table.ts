import type { AnnouncedService, ServiceKind } from '@porchlight/protocol';
import type { LinkState, ProbeResult } from '@porchlight/protocol/api';
import type { Link, LinkListener } from './link.ts';

/** What the rest of the relay asks about live links. */
export interface LiveLinks {
  /** The live part of a device's link state; undefined when no link is up. */
  state(deviceId: string): LinkState | undefined;
  /** Services announced over the present link; undefined when no link is up. */
  services(deviceId: string): readonly AnnouncedService[] | undefined;
  /** Bytes of the present link not yet in the store: from the device, to the device. */
  bytes(deviceId: string): { in: number; out: number };
  /** When and why the last link ended, if that was during this run of the relay. */
  lastEnd(deviceId: string): { readonly at: number; readonly reason: string } | undefined;
  /** Asks for one answer through the data path. Never throws: a failure is a result. */
  probe(deviceId: string, service: string, signal: AbortSignal): Promise<ProbeResult>;
  /** Tells the present link, if there is one, what a person has set a service to be; `auto`: to find out by itself. */
  setKind(deviceId: string, service: string, kind: ServiceKind | 'auto'): void;
  /** Ends the present link, if there is one; the reason is told to the device. */
  end(deviceId: string, reason: string): void;
}

/** The links that are up: one for each device at most. */
export class LinkTable {
  readonly #links = new Map<string, Link>();
  readonly #listeners: LinkListener[] = [];

  listen(listener: LinkListener): void {
    this.#listeners.push(listener);
  }

  get(deviceId: string): Link | undefined {
    return this.#links.get(deviceId);
  }

  get size(): number {
    return this.#links.size;
  }

  all(): IterableIterator<Link> {
    return this.#links.values();
  }

  /** Puts a link in; an earlier link of the same device is ended and counts as down before the new one is up. */
  attach(link: Link): void {
    const old = this.#links.get(link.deviceId);
    if (old !== undefined) {
      if (old.giveWay === undefined) old.end('the device connected again');
      else old.giveWay();
      this.detach(old, 'the device connected again');
    }
    this.#links.set(link.deviceId, link);
    for (const listener of this.#listeners) listener.up(link);
  }

  changed(link: Link): void {
    if (this.#links.get(link.deviceId) !== link) return;
    for (const listener of this.#listeners) listener.changed(link);
  }

  /** Takes a link out, if it is still in. */
  detach(link: Link, reason: string): void {
    if (this.#links.get(link.deviceId) !== link) return;
    this.#links.delete(link.deviceId);
    for (const listener of this.#listeners) listener.down(link, reason);
  }

  /** Channels open over all links. */
  openChannels(): number {
    let count = 0;
    for (const link of this.#links.values()) count += link.openChannels;
    return count;
  }

  /** Ends every link of a device or account that is gone: they count as down at once. */
  endWhere(which: (link: Link) => boolean, reason: string): void {
    for (const link of [...this.#links.values()]) {
      if (!which(link)) continue;
      link.end(reason);
      this.detach(link, reason);
    }
  }
}
