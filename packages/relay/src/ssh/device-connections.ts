/** Connections of one device at a time: those of its link, and those that only run a command. */
const PER_DEVICE_MAX = 32;

interface Entry {
  readonly accountId: string;
  readonly end: (reason: string) => void;
}

/**
 * All connections of known devices, whether they are part of a link or not: one that is about to become a link must end
 * too when its device is blocked or removed.
 */
export class DeviceConnections {
  readonly #byDevice = new Map<string, Set<Entry>>();

  /** Gives what takes the connection out again; undefined: the device has too many. */
  enter(
    device: { readonly id: string; readonly accountId: string },
    end: (reason: string) => void,
  ): (() => void) | undefined {
    const entries = this.#byDevice.get(device.id) ?? new Set();
    if (entries.size >= PER_DEVICE_MAX) return undefined;
    const entry = { accountId: device.accountId, end };
    this.#byDevice.set(device.id, entries.add(entry));
    return () => {
      entries.delete(entry);
      if (entries.size === 0 && this.#byDevice.get(device.id) === entries) this.#byDevice.delete(device.id);
    };
  }

  end(deviceId: string, reason: string): void {
    for (const entry of [...(this.#byDevice.get(deviceId) ?? [])]) entry.end(reason);
  }

  endOfAccount(accountId: string, reason: string): void {
    for (const entries of [...this.#byDevice.values()]) {
      for (const entry of [...entries]) if (entry.accountId === accountId) entry.end(reason);
    }
  }

  /** Devices that have a connection, with their accounts. */
  *devices(): IterableIterator<{ readonly id: string; readonly accountId: string }> {
    for (const [id, entries] of this.#byDevice) {
      const [entry] = entries;
      if (entry !== undefined) yield { id, accountId: entry.accountId };
    }
  }

  /** Devices that have a connection. */
  get size(): number {
    return this.#byDevice.size;
  }
}
