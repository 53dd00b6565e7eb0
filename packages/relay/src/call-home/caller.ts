import type { NewAuditEntry } from '../audit/index.ts';
import type { DeviceRecord } from '../devices/index.ts';
import { HourOfBytes } from './hour-of-bytes.ts';
import { INTERVAL_DEFAULT_S, LearnedInterval } from './learned-interval.ts';

/** Intervals without a call after which a device is down. */
const MISSED = 2.5;

interface Device {
  readonly id: string;
  readonly accountId: string;
}

/** Writes down that devices call: their history is the same as that of links. */
export interface CallRecorder {
  /** A device is up by its calls from now on; `resumed`: it has been since before the relay's restart. */
  callsUp(device: Device, how: { readonly resumed: boolean }): void;
  callsDown(device: Device, reason: string): void;
  noteCall(
    device: Device,
    call: {
      readonly at: number;
      readonly address: string;
      readonly software: string;
      readonly learned: number | undefined;
    },
  ): void;
  addCallBytes(deviceId: string, bytes: { readonly in: number; readonly out: number }): void;
}

type Known = Pick<
  DeviceRecord,
  'id' | 'accountId' | 'name' | 'calledAt' | 'callIntervalSet' | 'callIntervalLearned'
>;

/** What is live of one device that calls home. */
export class Caller {
  readonly id: string;
  readonly accountId: string;
  name: string;
  up = false;
  since: number;
  lastAt: number;
  address: string | undefined;
  readonly bytes = new HourOfBytes();
  readonly #interval: LearnedInterval;
  #set: number | undefined;
  /** Time without a call counts from here at the earliest: the relay did not run before. */
  #countFrom = 0;

  constructor(device: Known, now: number) {
    this.id = device.id;
    this.accountId = device.accountId;
    this.name = device.name;
    this.lastAt = device.calledAt ?? now;
    this.since = this.lastAt;
    this.#set = device.callIntervalSet;
    this.#interval = new LearnedInterval({ seconds: device.callIntervalLearned, lastAt: device.calledAt });
  }

  get learned(): number | undefined {
    return this.#interval.seconds;
  }

  /** @param set seconds, as a person has set it just now */
  intervalMs(set = this.#set): number {
    return (set ?? this.learned ?? INTERVAL_DEFAULT_S) * 1000;
  }

  /** When it is down, if it does not call again; ms since 1970. */
  get downAt(): number {
    return Math.max(this.lastAt, this.#countFrom) + MISSED * this.intervalMs();
  }

  /** As `downAt`, but for the time in which the relay did not run. */
  wouldEndAt(): number {
    return this.lastAt + MISSED * this.intervalMs();
  }

  /** It calls. */
  note(device: Known, from: { readonly address: string }, now: number): void {
    this.refresh(device);
    this.lastAt = now;
    this.address = from.address;
    this.#interval.note(now);
  }

  refresh(device: Known): void {
    this.name = device.name;
    this.#set = device.callIntervalSet;
  }

  resume(now: number, since: number | undefined): void {
    this.up = true;
    this.since = Math.min(since ?? now, now);
    this.#countFrom = now;
  }

  turn(up: boolean, now: number): void {
    this.up = up;
    this.since = now;
  }

  entry(
    action: 'link.up' | 'link.down',
    at: number,
    detail: Readonly<Record<string, string>>,
  ): NewAuditEntry {
    return {
      accountId: this.accountId,
      at,
      actor: `device:${this.name}`,
      action,
      deviceId: this.id,
      target: this.name,
      address: this.address,
      detail,
    };
  }
}
