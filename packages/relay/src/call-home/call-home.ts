import type { DeviceRecord } from '../devices/index.ts';

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

/** What the rest of the relay asks about devices that call home. */
export interface CallHomes {
  /** Undefined: the device has never called home. */
  state(
    device: Pick<DeviceRecord, 'id' | 'calledAt' | 'callIntervalSet' | 'callIntervalLearned'>,
  ): CallHomeState | undefined;
}
