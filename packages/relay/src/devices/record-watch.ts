import type { Clock } from '../clock.ts';
import type { EventBus } from '../events.ts';
import type { DeviceStore } from './device-store.ts';

/** A change that another program has made to the records is taken over within this time. */
export const RECORD_LOOK_MS = 10_000;

/** Devices that have a connection here. */
export interface ConnectedDevices {
  devices(): Iterable<{ readonly id: string; readonly accountId: string }>;
  end(deviceId: string, reason: string): void;
}

/**
 * Looks whether the devices that are connected are still there and not blocked: `porchlight relay device remove` and its
 * like change the records beside the running relay, and so does another relay on the same database.
 */
export class RecordWatch {
  readonly #parts: {
    readonly devices: Pick<DeviceStore, 'standing'>;
    readonly connected: ConnectedDevices;
    readonly events: EventBus;
    readonly clock: Clock;
    readonly onError: (error: unknown) => void;
  };
  readonly #cancel: () => void;
  #looking = false;

  constructor(parts: {
    readonly devices: Pick<DeviceStore, 'standing'>;
    readonly connected: ConnectedDevices;
    readonly events: EventBus;
    readonly clock: Clock;
    readonly onError: (error: unknown) => void;
  }) {
    this.#parts = parts;
    this.#cancel = parts.clock.every(RECORD_LOOK_MS, () => void this.#look());
  }

  close(): void {
    this.#cancel();
  }

  async #look(): Promise<void> {
    const { connected, devices, events, onError } = this.#parts;
    const there = [...connected.devices()];
    // A database that is slow must not pile up looks.
    if (this.#looking || there.length === 0) return;
    this.#looking = true;
    try {
      const standing = await devices.standing(there.map(({ id }) => id));
      for (const { id, accountId } of there) {
        const state = standing.get(id);
        if (state === undefined) events.publish({ type: 'device-removed', accountId, deviceId: id });
        else if (state === 'blocked') connected.end(id, 'the device was blocked');
      }
    } catch (error) {
      onError(error);
    } finally {
      this.#looking = false;
    }
  }
}
