import { PorchlightError } from '@porchlight/protocol';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import { type DeviceRecord, type DeviceStore, newKeylessFingerprint } from '../devices/index.ts';
import type { EventBus } from '../events.ts';
import { newId } from '../secrets.ts';

/** Who enrols: a signed-in person, or the command line on behalf of an account. */
export interface Enroller {
  readonly accountId: string;
  /** For the audit log. */
  readonly actor: string;
  readonly address?: string;
}

/** A device as it is to be: its public key was read from what a person gave. */
export interface KeyToEnrol {
  readonly name: string;
  readonly tags: readonly string[];
  readonly fingerprint: string;
  readonly publicKey: string;
}

/** Makes devices before they have ever connected, of public keys or without: when they come, they are known. */
export class KeyEnrolment {
  readonly #parts: {
    readonly devices: Pick<DeviceStore, 'byFingerprint' | 'byId' | 'count' | 'insert'>;
    /** Whose SSH key it is, as a person's: the account's id. */
    readonly personWithKey: (fingerprint: string) => Promise<string | undefined>;
    readonly audit: Audit;
    readonly events: EventBus;
    readonly clock: Clock;
    readonly devicesPerAccount: number;
  };

  constructor(parts: {
    devices: Pick<DeviceStore, 'byFingerprint' | 'byId' | 'count' | 'insert'>;
    personWithKey: (fingerprint: string) => Promise<string | undefined>;
    audit: Audit;
    events: EventBus;
    clock: Clock;
    devicesPerAccount: number;
  }) {
    this.#parts = parts;
  }

  /** @throws PorchlightError `key_in_use`, `name_taken`, `forbidden` (as many devices as there may be) */
  async enrol(by: Enroller, key: KeyToEnrol): Promise<DeviceRecord> {
    await this.#refuseUsedKey(by, key.fingerprint);
    return this.#insert(by, key, { fingerprint: key.fingerprint });
  }

  /** A device that speaks only MQTT, and needs a credential. @throws PorchlightError `name_taken`, `forbidden` */
  enrolWithoutKey(by: Enroller, wish: Pick<KeyToEnrol, 'name' | 'tags'>): Promise<DeviceRecord> {
    const key = { fingerprint: newKeylessFingerprint(), publicKey: '' };
    return this.#insert(by, { ...wish, ...key }, { key: 'none, for MQTT' });
  }

  async #insert(
    by: Enroller,
    key: KeyToEnrol,
    detail: Readonly<Record<string, string>>,
  ): Promise<DeviceRecord> {
    const { devices, audit, events, clock, devicesPerAccount } = this.#parts;
    if ((await devices.count(by.accountId)) >= devicesPerAccount) {
      throw new PorchlightError('forbidden', `The account has its ${devicesPerAccount} devices already`);
    }
    const id = newId();
    const { name, fingerprint, publicKey } = key;
    const tags = [...new Set(key.tags)];
    await devices.insert({
      id,
      accountId: by.accountId,
      name,
      tags,
      fingerprint,
      publicKey,
      createdAt: clock.now(),
    });
    const device = await devices.byId(by.accountId, id);
    if (device === undefined) throw new PorchlightError('not_found', 'The device was removed meanwhile');
    audit.append({
      accountId: by.accountId,
      at: clock.now(),
      actor: by.actor,
      action: 'device.enrolled',
      deviceId: id,
      target: name,
      ...(by.address === undefined ? {} : { address: by.address }),
      detail,
    });
    events.publish({ type: 'device-changed', accountId: by.accountId, deviceId: id });
    return device;
  }

  /** A key is one device's or one person's. Whose it is, is told to its own account only. */
  async #refuseUsedKey(by: Enroller, fingerprint: string): Promise<void> {
    const { devices, personWithKey } = this.#parts;
    const device = await devices.byFingerprint(fingerprint);
    if (device?.accountId === by.accountId) {
      throw new PorchlightError('key_in_use', `That is the key of the device ${device.name} already`);
    }
    const person = await personWithKey(fingerprint);
    if (person === by.accountId) {
      throw new PorchlightError(
        'key_in_use',
        'That is your own SSH key, of Settings; a device needs a key of its own',
      );
    }
    if (device !== undefined || person !== undefined) {
      throw new PorchlightError('key_in_use', 'This key is in use at this relay already');
    }
  }
}
