import { PorchlightError } from '@porchlight/protocol';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events.ts';
import { newId } from '../secrets.ts';
import type { SshKeyRecord, SshKeyStore } from './ssh-key-store.ts';

/** Keys of one account. */
const KEYS_MAX = 50;
/** The time of last use is written at most so often. */
const USED_MS = 5 * 60_000;

/** Whose key it is, and who adds or removes it: the account itself, or the command line. */
export interface KeyOwner {
  readonly accountId: string;
  readonly accountName: string;
  /** For the audit log, when it is not the account. */
  readonly actor?: string;
}

/** A public key that was read from what a person gave. */
export interface NewKey {
  readonly name: string;
  readonly fingerprint: string;
  readonly publicKey: string;
}

/** The SSH keys of people, with which they are operators. A key is a person's or a device's, never both. */
export class SshKeys {
  readonly #parts: {
    readonly store: SshKeyStore;
    /** Who has this key as a device: the account's id. */
    readonly deviceOwner: (fingerprint: string) => Promise<string | undefined>;
    readonly audit: Audit;
    readonly events: EventBus;
    readonly clock: Clock;
  };

  constructor(parts: {
    store: SshKeyStore;
    deviceOwner: (fingerprint: string) => Promise<string | undefined>;
    audit: Audit;
    events: EventBus;
    clock: Clock;
  }) {
    this.#parts = parts;
  }

  /** @throws PorchlightError `conflict`: the account has too many, or the key is in use already */
  async add(owner: KeyOwner, key: NewKey, address: string): Promise<SshKeyRecord> {
    const { store, clock } = this.#parts;
    const own = await this.list(owner.accountId);
    if (own.length >= KEYS_MAX) {
      throw new PorchlightError('conflict', `An account has ${KEYS_MAX} SSH keys at most; remove one first`);
    }
    const there = own.find(({ fingerprint }) => fingerprint === key.fingerprint);
    if (there !== undefined) {
      throw new PorchlightError('conflict', `This key is in the account already, as "${there.name}"`);
    }
    const deviceOwner = await this.#parts.deviceOwner(key.fingerprint);
    if (deviceOwner === owner.accountId) {
      throw new PorchlightError('conflict', "This is a device's key; a person needs a key of their own");
    }
    if (deviceOwner !== undefined) {
      throw new PorchlightError('conflict', 'This key is in use at this relay already');
    }
    const record: SshKeyRecord = {
      id: newId(),
      accountId: owner.accountId,
      name: key.name === '' ? key.fingerprint.slice(0, 17) : key.name,
      fingerprint: key.fingerprint,
      publicKey: key.publicKey,
      createdAt: clock.now(),
      lastUsedAt: undefined,
    };
    await store.insert(record);
    this.#note(owner, 'ssh-key.added', record, address);
    return record;
  }

  list(accountId: string): Promise<SshKeyRecord[]> {
    return this.#parts.store.list(accountId);
  }

  byFingerprint(fingerprint: string): Promise<SshKeyRecord | undefined> {
    return this.#parts.store.byFingerprint(fingerprint);
  }

  /** Notes that somebody logged in with it. */
  async used(record: SshKeyRecord): Promise<void> {
    const now = this.#parts.clock.now();
    if (now - (record.lastUsedAt ?? 0) >= USED_MS) await this.#parts.store.used(record.id, now);
  }

  /** Ends the connections that logged in with it. @throws PorchlightError `not_found` */
  async remove(owner: KeyOwner, id: string, address: string): Promise<void> {
    const record = (await this.list(owner.accountId)).find((one) => one.id === id);
    if (record === undefined || !(await this.#parts.store.remove(owner.accountId, id))) {
      throw new PorchlightError('not_found', 'There is no such key in the account');
    }
    this.#parts.events.publish({ type: 'ssh-key-removed', accountId: owner.accountId, keyId: id });
    this.#note(owner, 'ssh-key.removed', record, address);
  }

  #note(
    owner: KeyOwner,
    action: 'ssh-key.added' | 'ssh-key.removed',
    { name, fingerprint }: SshKeyRecord,
    address: string,
  ): void {
    this.#parts.audit.append({
      accountId: owner.accountId,
      at: this.#parts.clock.now(),
      actor: owner.actor ?? owner.accountName,
      action,
      target: name,
      address,
      detail: { fingerprint },
    });
  }
}
