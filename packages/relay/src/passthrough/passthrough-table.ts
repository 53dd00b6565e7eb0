import type { Clock } from '../clock.ts';
import type { PassthroughRecord, ServiceStore } from '../devices/index.ts';
import type { EventBus, RelayEvent } from '../events.ts';

/** Everything is read anew so often: another process may have changed it. */
const RELOAD_MS = 60_000;

export interface PassthroughTableParts {
  readonly services: Pick<ServiceStore, 'passthroughs'>;
  readonly events: EventBus;
  readonly clock: Clock;
  /** The database failed: what was known stays. */
  readonly onError: (error: unknown) => void;
}

/** The services whose TLS ends on their device, by device name and service; they are few, and all in memory. */
export class PassthroughTable {
  readonly #parts: PassthroughTableParts;
  readonly #byLabel = new Map<string, PassthroughRecord>();
  readonly #byDevice = new Map<string, readonly PassthroughRecord[]>();
  /** Reads one after the other, so that an older answer never takes the place of a newer one. */
  #reading: Promise<void> = Promise.resolve();
  /** Devices that are to be read anew; a storm of changes to one reads it once. */
  readonly #stale = new Set<string>();
  readonly #stops: (() => void)[];
  readonly #listeners: (() => void)[] = [];

  private constructor(parts: PassthroughTableParts) {
    this.#parts = parts;
    this.#stops = [
      parts.events.subscribe((event) => this.#hear(event)),
      parts.clock.every(RELOAD_MS, () => this.#readAll()),
    ];
  }

  /** Reads them all. @throws the error of the database */
  static async open(parts: PassthroughTableParts): Promise<PassthroughTable> {
    const records = await parts.services.passthroughs();
    const table = new PassthroughTable(parts);
    table.#setAll(records);
    return table;
  }

  get size(): number {
    return this.#byLabel.size;
  }

  find(device: string, service: string): PassthroughRecord | undefined {
    return this.#byLabel.get(`${service}--${device}`);
  }

  has(deviceId: string, service: string): boolean {
    return this.#byDevice.get(deviceId)?.some((record) => record.service === service) ?? false;
  }

  /** Calls after each change; what is no longer found must end. */
  listen(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  #hear(event: RelayEvent): void {
    if (event.type === 'device-changed') this.#readLater(event.deviceId);
    else if (event.type === 'device-removed') this.#forget((record) => record.deviceId === event.deviceId);
    else if (event.type === 'account-removed') {
      this.#forget((record) => record.accountId === event.accountId);
    }
  }

  #readLater(deviceId: string): void {
    if (this.#stale.has(deviceId)) return;
    this.#stale.add(deviceId);
    this.#enqueue(async () => {
      this.#stale.delete(deviceId);
      this.#setDevice(deviceId, await this.#parts.services.passthroughs(deviceId));
    });
  }

  #readAll(): void {
    this.#enqueue(async () => this.#setAll(await this.#parts.services.passthroughs()));
  }

  #enqueue(read: () => Promise<void>): void {
    this.#reading = this.#reading.then(read).catch(this.#parts.onError);
  }

  /** At once; a read under way may bring it back, and is followed by another. */
  #forget(which: (record: PassthroughRecord) => boolean): void {
    for (const [deviceId, records] of [...this.#byDevice]) {
      if (!records.some(which)) continue;
      this.#setDevice(deviceId, []);
      this.#readLater(deviceId);
    }
  }

  #setAll(records: readonly PassthroughRecord[]): void {
    const byDevice = Map.groupBy(records, (record) => record.deviceId);
    for (const deviceId of [...this.#byDevice.keys()]) {
      if (!byDevice.has(deviceId)) this.#setDevice(deviceId, []);
    }
    for (const [deviceId, ofDevice] of byDevice) this.#setDevice(deviceId, ofDevice);
  }

  #setDevice(deviceId: string, records: readonly PassthroughRecord[]): void {
    const before = this.#byDevice.get(deviceId) ?? [];
    for (const label of before.flatMap(labelsOf)) this.#byLabel.delete(label);
    if (records.length === 0) this.#byDevice.delete(deviceId);
    else this.#byDevice.set(deviceId, records);
    for (const record of records) for (const label of labelsOf(record)) this.#byLabel.set(label, record);
    if (before.length > 0) for (const listener of this.#listeners) listener();
  }
}

function labelsOf({ names, service }: PassthroughRecord): string[] {
  return names.map((name) => `${service}--${name}`);
}
