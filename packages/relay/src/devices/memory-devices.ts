import { PorchlightError } from '@porchlight/protocol';
import type { DeviceRecord, NewDevice } from './device-store.ts';

/** Devices in memory, for tests of what only makes and finds them. */
export class MemoryDevices {
  readonly records = new Map<string, DeviceRecord>();
  /** How often services were written. */
  writes = 0;
  /** What an insert waits for. */
  beforeInsert: Promise<void> = Promise.resolve();

  async insert(device: NewDevice): Promise<void> {
    await this.beforeInsert;
    for (const there of this.records.values()) {
      if (there.name === device.name) throw new PorchlightError('name_taken');
      if (there.fingerprint === device.fingerprint) throw new PorchlightError('conflict');
    }
    this.records.set(device.id, {
      ...device,
      ...{ formerNames: [], lastUpAt: undefined, lastDownAt: undefined, lastDownReason: undefined },
      ...{ blockedAt: undefined, calledAt: undefined, callIntervalSet: undefined },
      callIntervalLearned: undefined,
      ...{ lastAddress: undefined, agent: undefined, bytesIn: 0, bytesOut: 0, services: [] },
    });
  }

  async byFingerprint(fingerprint: string): Promise<DeviceRecord | undefined> {
    return [...this.records.values()].find((one) => one.fingerprint === fingerprint);
  }

  async count(accountId: string): Promise<number> {
    return [...this.records.values()].filter((one) => one.accountId === accountId).length;
  }

  async addServices(): Promise<void> {
    this.writes += 1;
  }
}
