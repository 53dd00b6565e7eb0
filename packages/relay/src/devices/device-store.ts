import type { ServiceKind } from '@porchlight/protocol';
import type { AccessMode } from '@porchlight/protocol/api';
import type { ServiceUser } from './service-store.ts';

export interface DeviceRecord {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly formerNames: readonly string[];
  readonly tags: readonly string[];
  /** `SHA256:…` of the device's public key; unique on the relay. For one without key see `keyFingerprintOf`. */
  readonly fingerprint: string;
  /** The public key, one line as in OpenSSH's authorized_keys, without comment; empty: it has none. */
  readonly publicKey: string;
  readonly createdAt: number;
  /** Last link, as it was when written: kept so that an offline page survives a restart of the relay. */
  readonly lastUpAt: number | undefined;
  readonly lastDownAt: number | undefined;
  readonly lastDownReason: string | undefined;
  readonly lastAddress: string | undefined;
  readonly agent: string | undefined;
  /** Its key is kept out since then. */
  readonly blockedAt: number | undefined;
  /** When it last called home and left again; undefined: it never does. */
  readonly calledAt: number | undefined;
  /** Seconds between two calls, as a person has set it, and as it was learned. */
  readonly callIntervalSet: number | undefined;
  readonly callIntervalLearned: number | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly services: readonly ServiceRecord[];
}

export interface ServiceRecord {
  readonly name: string;
  readonly kind: ServiceKind;
  /** A person has set the kind: what the device announces does not change it. */
  readonly kindSet: boolean;
  /** TLS for its host name is passed on as it comes; the relay sees ciphertext only. */
  readonly passthrough: boolean;
  /** Its last answers to the console's pages are kept in memory, for when it cannot be asked. */
  readonly keepLastAnswers: boolean;
  /** A Hue bridge that apps may use by the Hue remote API, each with its owner's consent. */
  readonly hueRemote: boolean;
  readonly access: AccessMode;
  /** Who may open it in mode `basic`, in order of name. */
  readonly users: readonly ServiceUser[];
  /** Paths that it is published under, in order of prefix. */
  readonly paths: readonly ServicePath[];
  readonly lastSuccessAt: number | undefined;
  readonly lastFailureAt: number | undefined;
  readonly lastFailure: string | undefined;
}

/** A path route of a service. */
export interface ServicePath {
  readonly id: string;
  readonly prefix: string;
  /** The device gets the path without the prefix. */
  readonly strip: boolean;
}

export type NewDevice = Pick<
  DeviceRecord,
  'id' | 'accountId' | 'name' | 'tags' | 'fingerprint' | 'publicKey' | 'createdAt'
>;

/** What a person sets for a device, beside its name and tags. */
export interface DeviceChange {
  /** Its key is kept out, since that instant. */
  readonly blockedAt?: number | null;
  /** Seconds between two calls; null: as learned. */
  readonly callIntervalSet?: number | null;
}

/** What a running link changes in a device's record; written in batches. */
export interface LinkFacts {
  readonly deviceId: string;
  readonly lastUpAt?: number;
  readonly lastDownAt?: number;
  readonly lastDownReason?: string;
  readonly lastAddress?: string;
  readonly agent?: string;
  readonly calledAt?: number;
  readonly callIntervalLearned?: number;
  /** To be added to the sums. */
  readonly bytesIn?: number;
  readonly bytesOut?: number;
}

/** Last results of a service; written in batches. */
export interface ServiceFacts {
  readonly deviceId: string;
  readonly service: string;
  readonly lastSuccessAt?: number;
  readonly lastFailureAt?: number;
  readonly lastFailure?: string;
}

/**
 * Keeps devices, their names and services. A name belongs to the account that had it first, for ever: it is either
 * the present or a former name of one device, or reserved after that device is gone. What is asked for people is
 * confined to one account; the methods without an account serve the SSH server and the publisher, which find the
 * account by key or host name.
 */
export interface DeviceStore {
  /** @throws PorchlightError `name_taken` (by another account, or by a device that is still there), `conflict` (key) */
  insert(device: NewDevice): Promise<void>;
  byFingerprint(fingerprint: string): Promise<DeviceRecord | undefined>;
  /** By present or former name. */
  byName(name: string): Promise<DeviceRecord | undefined>;
  byId(accountId: string, id: string): Promise<DeviceRecord | undefined>;
  /**
   * In order of name, those after `afterName` first. `search`: part of a name or tag, `%` and `_` taken literally.
   * `ids`: among these only.
   */
  list(
    accountId: string,
    page: {
      afterName?: string | undefined;
      limit: number;
      search?: string | undefined;
      tag?: string | undefined;
      ids?: readonly string[] | undefined;
    },
  ): Promise<DeviceRecord[]>;
  count(accountId: string): Promise<number>;
  /** Which of these devices, of any account, are there still; and whether they are blocked. */
  standing(ids: readonly string[]): Promise<Map<string, 'in' | 'blocked'>>;
  /** Devices of all accounts that have called home at that time or later, ms since 1970. */
  calledSince(at: number): Promise<DeviceRecord[]>;
  /** The former name goes on leading to the device. @throws PorchlightError `name_taken` */
  rename(accountId: string, id: string, name: string): Promise<boolean>;
  setTags(accountId: string, id: string, tags: readonly string[]): Promise<boolean>;
  /** What is absent stays as it is; null takes it back. */
  change(accountId: string, id: string, change: DeviceChange): Promise<boolean>;
  /** Its names stay reserved for the account. */
  remove(accountId: string, id: string): Promise<boolean>;
  /**
   * Adds services not yet known, in mode `login`, and updates the kind of known ones where no person has set it; never
   * changes an access mode.
   * When more than 256 are kept for a device, those in mode `login` that are not among `services` go, longest
   * unused first. Nothing happens when the device is gone.
   */
  addServices(deviceId: string, services: readonly { name: string; kind: ServiceKind }[]): Promise<void>;
  /** One transaction; facts of devices removed meanwhile are passed over. */
  record(links: readonly LinkFacts[], services: readonly ServiceFacts[]): Promise<void>;
}
