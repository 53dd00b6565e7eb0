import type { Clock } from '../clock.ts';
import { newId } from '../secrets.ts';

/** Requests that may wait for one device, taken or not. */
const PER_DEVICE_MAX = 50;
/** A device that has read a request and opened nothing by then gets it again with its next call. */
const TAKEN_MAX_MS = 150_000;
/** Node's timers take no longer wait than 2³¹ ms. */
const TIMER_MAX_MS = 24 * 3600_000;

/** Somebody wants to reach a port of a device that calls home. */
export interface PortRequest {
  readonly id: string;
  readonly deviceId: string;
  /** TCP port on the device. */
  readonly devicePort: number;
  /**
   * The port that the device names in `ssh -R <relayPort>:localhost:<devicePort>`; unique among the device's
   * requests. The request itself binds nothing on the relay.
   */
  readonly relayPort: number;
  readonly createdAt: number;
  /** The request, and the forward that answers it, end at this time (ms since 1970). */
  readonly expiresAt: number;
  /** When the device last read it; undefined: it waits in the inbox. */
  readonly takenAt: number | undefined;
  /** A forward of the device answers it now. */
  readonly answered: boolean;
}

/**
 * The inboxes of devices that call home: which of their ports people want to reach. In memory: a request ends with
 * the relay, as the forwards and connections that it serves do.
 */
export class PortRequests {
  readonly #clock: Clock;
  /** By device, then by relay port. */
  readonly #byDevice = new Map<string, Map<number, PortRequest>>();
  /** Who wants to know when a request has ended, by its id. */
  readonly #waiting = new Map<string, Set<() => void>>();
  #cancelSweep: (() => void) | undefined;

  constructor(parts: { clock: Clock }) {
    this.#clock = parts.clock;
  }

  /**
   * Puts a request into the inbox; one for the same device port (and relay port, if one is named) is extended instead.
   * Undefined: the inbox is full, or the relay port is taken for another of the device's ports.
   */
  ask(wish: {
    deviceId: string;
    devicePort: number;
    /** Undefined: any. */
    relayPort: number | undefined;
    expiresAt: number;
  }): PortRequest | undefined {
    const { deviceId, devicePort, expiresAt } = wish;
    const inbox = this.#inbox(deviceId);
    const there = [...inbox.values()].find(
      (one) =>
        one.devicePort === devicePort && (wish.relayPort === undefined || one.relayPort === wish.relayPort),
    );
    if (there !== undefined) {
      const extended = { ...there, expiresAt: Math.max(there.expiresAt, expiresAt) };
      inbox.set(there.relayPort, extended);
      this.#sweepLater();
      return extended;
    }
    const relayPort = wish.relayPort ?? this.#freePort(inbox);
    if (inbox.size >= PER_DEVICE_MAX || inbox.has(relayPort)) return undefined;
    const request: PortRequest = {
      id: newId(),
      deviceId,
      devicePort,
      relayPort,
      createdAt: this.#clock.now(),
      expiresAt,
      takenAt: undefined,
      answered: false,
    };
    inbox.set(relayPort, request);
    this.#byDevice.set(deviceId, inbox);
    this.#sweepLater();
    return request;
  }

  /** All requests of a device that have not ended. */
  list(deviceId: string): PortRequest[] {
    return [...this.#inbox(deviceId).values()];
  }

  /** What waits in the inbox, oldest first. */
  waiting(deviceId: string): PortRequest[] {
    const now = this.#clock.now();
    return this.list(deviceId).filter(
      (one) => !one.answered && (one.takenAt === undefined || now - one.takenAt > TAKEN_MAX_MS),
    );
  }

  /** What waits in the inbox; it counts as read from now on. `max`: of more the rest stays. */
  take(deviceId: string, max = PER_DEVICE_MAX): PortRequest[] {
    const inbox = this.#inbox(deviceId);
    const now = this.#clock.now();
    const taken = this.waiting(deviceId).slice(0, max);
    for (const one of taken) inbox.set(one.relayPort, { ...one, takenAt: now });
    return taken;
  }

  /** The request that `ssh -R <relayPort>:…` of the device answers; undefined: nobody asked for that. */
  match(deviceId: string, relayPort: number): PortRequest | undefined {
    return this.#inbox(deviceId).get(relayPort);
  }

  /** As `match`; the request counts as answered from now on, until it is put back. */
  answer(deviceId: string, relayPort: number): PortRequest | undefined {
    return this.#change(deviceId, relayPort, { answered: true });
  }

  /** The device's forward for a request is gone before its time: it gets the request again. */
  putBack(deviceId: string, relayPort: number): void {
    this.#change(deviceId, relayPort, { answered: false, takenAt: undefined });
  }

  withdraw(deviceId: string, id: string): void {
    const inbox = this.#inbox(deviceId);
    for (const one of inbox.values()) if (one.id === id) this.#end(inbox, one);
    if (inbox.size === 0) this.#byDevice.delete(deviceId);
  }

  /** The device was removed. */
  forget(deviceId: string): void {
    const inbox = this.#inbox(deviceId);
    for (const one of inbox.values()) this.#end(inbox, one);
    this.#byDevice.delete(deviceId);
  }

  /** Calls once when the request has ended, by time or by hand; gives what cancels that. */
  whenEnded(request: Pick<PortRequest, 'id'>, call: () => void): () => void {
    const calls = this.#waiting.get(request.id) ?? new Set();
    this.#waiting.set(request.id, calls.add(call));
    return () => {
      calls.delete(call);
      if (calls.size === 0 && this.#waiting.get(request.id) === calls) this.#waiting.delete(request.id);
    };
  }

  close(): void {
    this.#cancelSweep?.();
  }

  #change(deviceId: string, relayPort: number, news: Partial<PortRequest>): PortRequest | undefined {
    const inbox = this.#inbox(deviceId);
    const there = inbox.get(relayPort);
    if (there === undefined) return undefined;
    const changed = { ...there, ...news };
    inbox.set(relayPort, changed);
    return changed;
  }

  #end(inbox: Map<number, PortRequest>, request: PortRequest): void {
    inbox.delete(request.relayPort);
    const calls = this.#waiting.get(request.id) ?? [];
    this.#waiting.delete(request.id);
    for (const call of calls) call();
  }

  /** One timer for all: at the time when the next request ends. */
  #sweepLater(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    let next = Number.POSITIVE_INFINITY;
    for (const inbox of this.#byDevice.values()) {
      for (const one of inbox.values()) next = Math.min(next, one.expiresAt);
    }
    if (next === Number.POSITIVE_INFINITY) return;
    const wait = Math.min(Math.max(next - this.#clock.now(), 0), TIMER_MAX_MS);
    this.#cancelSweep = this.#clock.after(wait, () => {
      for (const deviceId of [...this.#byDevice.keys()]) this.#inbox(deviceId);
      this.#sweepLater();
    });
  }

  /** The inbox without what has ended. */
  #inbox(deviceId: string): Map<number, PortRequest> {
    const inbox = this.#byDevice.get(deviceId);
    if (inbox === undefined) return new Map();
    const now = this.#clock.now();
    for (const one of inbox.values()) if (one.expiresAt <= now) this.#end(inbox, one);
    if (inbox.size === 0) this.#byDevice.delete(deviceId);
    return inbox;
  }

  /** Any port will do that the device has no other request for: nothing is bound on it. */
  #freePort(inbox: ReadonlyMap<number, PortRequest>): number {
    let port = 40_000;
    while (inbox.has(port)) port += 1;
    return port;
  }
}
