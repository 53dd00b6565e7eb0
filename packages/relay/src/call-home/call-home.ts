import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceRecord, DeviceStore, RelayRun } from '../devices/index.ts';
import type { EventBus } from '../events.ts';
import type { Logger } from '../telemetry/index.ts';
import { Caller, type CallRecorder } from './caller.ts';
import type { PortRequests } from './port-requests.ts';

/** Node's timers take no longer wait than 2³¹ ms. */
const TIMER_MAX_MS = 24 * 3600_000;
/** Longest time that a device may be up without a call: two and a half of the longest intervals. */
const SILENCE_MAX_MS = 2.5 * 24 * 3600_000;

/** How a device that connects now and then, and leaves again, is doing. */
export interface CallHomeState {
  /** It has called within two and a half intervals. */
  readonly up: boolean;
  /** Since when that is so, ms since 1970. */
  readonly since: number;
  readonly lastAt: number;
  /** When the next call is expected. */
  readonly dueAt: number;
  /** Time between two calls, as set or learned. */
  readonly intervalMs: number;
  readonly learned: boolean;
  /** Address of the last call. */
  readonly address: string | undefined;
  /** Bytes on the wire of its calls in the last hour, both ways together. */
  readonly bytesLastHour: number;
}

/** As people see it. */
export interface CallHomeView extends CallHomeState {
  /** Requests that it gets with its next call. */
  readonly waiting: number;
}

type Called = Pick<DeviceRecord, 'id' | 'calledAt' | 'callIntervalSet' | 'callIntervalLearned'>;

/** What the rest of the relay asks about devices that call home. */
export interface CallHomes {
  /** Undefined: the device has never called home. */
  state(device: Called): CallHomeState | undefined;
}

export interface CallHomeParts {
  readonly recorder: CallRecorder;
  readonly devices: Pick<DeviceStore, 'byId' | 'calledSince'>;
  readonly portRequests: Pick<PortRequests, 'waiting'>;
  /** Has the device a link now? Then it is up whether or not it calls. */
  readonly linked: (deviceId: string) => boolean;
  readonly audit: Audit;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onError: (error: unknown) => void;
}

/**
 * Devices that call home: they count as up as long as they call in time. Down after two and a half intervals, noticed
 * with one timer for all of them.
 */
export class CallHome implements CallHomes {
  readonly #parts: CallHomeParts;
  readonly #callers = new Map<string, Caller>();
  readonly #unsubscribe: () => void;
  #cancelLook: (() => void) | undefined;
  #lookAt = Number.POSITIVE_INFINITY;

  constructor(parts: CallHomeParts) {
    this.#parts = parts;
    this.#unsubscribe = parts.events.subscribe((event) => {
      if (event.type === 'device-removed') this.#callers.delete(event.deviceId);
      else if (event.type === 'account-removed') this.#forgetAccount(event.accountId);
      else if (event.type === 'device-changed') void this.#refresh(event.accountId, event.deviceId);
    });
  }

  /**
   * To be called once at the start. Devices that were up when the relay stopped are up still, and get two and a half
   * intervals from now: that they could not call meanwhile was not their fault.
   * @param before the relay's run before this one
   */
  async resume(before: RelayRun | undefined): Promise<void> {
    if (before === undefined) return;
    const { clock, devices, recorder } = this.#parts;
    for (const device of await devices.calledSince(before.to - SILENCE_MAX_MS)) {
      const caller = new Caller(device, clock.now());
      if (device.blockedAt !== undefined || caller.wouldEndAt() < before.to) continue;
      this.#callers.set(device.id, caller);
      caller.resume(clock.now(), device.lastUpAt);
      recorder.callsUp(device, { resumed: true });
      this.#lookBy(caller.downAt);
    }
  }

  /** Does the device call, in time or late, rather than stay connected? As far as this run of the relay has seen. */
  isCaller(deviceId: string): boolean {
    return this.#callers.has(deviceId);
  }

  /** A device is calling. */
  contact(device: DeviceRecord, from: { readonly address: string; readonly software: string }): void {
    const { audit, clock, events, logger, recorder } = this.#parts;
    const now = clock.now();
    const caller = this.#callers.get(device.id) ?? new Caller(device, now);
    this.#callers.set(device.id, caller);
    caller.note(device, from, now);
    recorder.noteCall(device, { ...from, at: now, learned: caller.learned });
    if (!caller.up) {
      caller.turn(true, now);
      recorder.callsUp(device, { resumed: false });
      logger.info({ device: device.name, address: from.address }, 'device calls home');
      const detail = { transport: 'calls home', agent: from.software };
      audit.append(caller.entry('link.up', now, detail));
    }
    this.#lookBy(caller.downAt);
    events.publish({ type: 'link-changed', accountId: device.accountId, deviceId: device.id });
  }

  /** Bytes of a connection that was a call and is over. */
  count(device: Pick<DeviceRecord, 'id' | 'accountId'>, bytes: { in: number; out: number }): void {
    const { clock, events, recorder } = this.#parts;
    this.#callers.get(device.id)?.bytes.add(bytes.in + bytes.out, clock.now());
    recorder.addCallBytes(device.id, bytes);
    events.publish({ type: 'link-changed', accountId: device.accountId, deviceId: device.id });
  }

  state(device: Called): CallHomeView | undefined {
    const now = this.#parts.clock.now();
    const known = this.#callers.get(device.id);
    if (known === undefined && device.calledAt === undefined) return undefined;
    const caller = known ?? new Caller({ ...device, name: '', accountId: '' }, now);
    const intervalMs = caller.intervalMs(device.callIntervalSet);
    return {
      up: caller.up,
      since: known === undefined ? caller.wouldEndAt() : caller.since,
      lastAt: caller.lastAt,
      dueAt: caller.lastAt + intervalMs,
      intervalMs,
      learned: device.callIntervalSet === undefined,
      address: caller.address,
      bytesLastHour: caller.bytes.sum(now),
      waiting: this.#parts.portRequests.waiting(device.id).length,
    };
  }

  close(): void {
    this.#unsubscribe();
    this.#cancelLook?.();
  }

  /** A person may have set another interval, or renamed the device. */
  async #refresh(accountId: string, deviceId: string): Promise<void> {
    if (!this.#callers.has(deviceId)) return;
    try {
      const device = await this.#parts.devices.byId(accountId, deviceId);
      const caller = this.#callers.get(deviceId);
      if (device === undefined || caller === undefined) return;
      caller.refresh(device);
      if (caller.up && device.blockedAt !== undefined) {
        return this.#down(caller, this.#parts.clock.now(), 'its key is blocked');
      }
      if (caller.up) this.#lookBy(caller.downAt);
    } catch (error) {
      this.#parts.onError(error);
    }
  }

  #forgetAccount(accountId: string): void {
    for (const [id, caller] of this.#callers) if (caller.accountId === accountId) this.#callers.delete(id);
  }

  /** One timer for all. Calls only ever put an end off, so that it seldom comes too early. */
  #lookBy(at: number): void {
    if (at >= this.#lookAt) return;
    this.#cancelLook?.();
    this.#lookAt = at;
    const wait = Math.min(Math.max(at - this.#parts.clock.now(), 0), TIMER_MAX_MS);
    this.#cancelLook = this.#parts.clock.after(wait, () => this.#look());
  }

  #look(): void {
    const now = this.#parts.clock.now();
    this.#lookAt = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const caller of this.#callers.values()) {
      if (!caller.up) continue;
      if (caller.downAt <= now) this.#fellSilent(caller, now);
      else next = Math.min(next, caller.downAt);
    }
    if (next !== Number.POSITIVE_INFINITY) this.#lookBy(next);
  }

  /** A device that stays connected need not call any more: it has not gone. */
  #fellSilent(caller: Caller, now: number): void {
    if (!this.#parts.linked(caller.id)) return this.#down(caller, now, missed(caller));
    this.#callers.delete(caller.id);
    this.#parts.recorder.callsDown(caller, missed(caller));
  }

  #down(caller: Caller, now: number, reason: string): void {
    const { audit, events, logger, recorder } = this.#parts;
    caller.turn(false, now);
    recorder.callsDown(caller, reason);
    logger.info({ device: caller.name, reason }, 'device calls no more');
    audit.append(caller.entry('link.down', now, { reason }));
    events.publish({ type: 'link-changed', accountId: caller.accountId, deviceId: caller.id });
  }
}

function missed(caller: Caller): string {
  return `it calls every ${caller.intervalMs() / 1000} s, and missed two calls`;
}
