import { PorchlightError } from '@porchlight/protocol';
import type { Audit } from '../../audit/index.ts';
import type { Clock } from '../../clock.ts';
import type { EventBus } from '../../events.ts';
import { hashSecret, newId, newSecret } from '../../secrets.ts';
import type { MqttCredentialRecord, MqttCredentialStore } from './credential-store.ts';

const DEVICE_PREFIX = 'plm_';
const APP_PREFIX = 'pla_';
const SECRET = /^pl[ma]_[A-Za-z0-9_-]{43}$/;
/** Credentials of one device: one for each program on it, and some to change over. */
const OF_DEVICE_MAX = 10;
/** App passwords of one account. */
const APP_PASSWORDS_MAX = 100;
/** The time of last use is written at most so often. */
const USED_MS = 5 * 60_000;

/** Who makes or revokes a credential. */
export interface CredentialOwner {
  readonly accountId: string;
  /** For the audit log. */
  readonly actor: string;
  readonly address?: string | undefined;
}

/** What MQTT clients sign in with beside an account's own password; only hashes are kept. */
export class MqttCredentials {
  readonly #store: MqttCredentialStore;
  readonly #audit: Audit;
  readonly #events: EventBus;
  readonly #clock: Clock;

  constructor(parts: { store: MqttCredentialStore; audit: Audit; events: EventBus; clock: Clock }) {
    this.#store = parts.store;
    this.#audit = parts.audit;
    this.#events = parts.events;
    this.#clock = parts.clock;
  }

  /** The secret is given here and never again. @throws PorchlightError `conflict` when there are too many */
  async makeForDevice(
    owner: CredentialOwner,
    device: { readonly id: string; readonly name: string },
    name: string,
  ): Promise<{ record: MqttCredentialRecord; secret: string }> {
    if ((await this.ofDevice(owner.accountId, device.id)).length >= OF_DEVICE_MAX) {
      throw new PorchlightError(
        'conflict',
        `A device has ${OF_DEVICE_MAX} MQTT credentials at most; revoke one first`,
      );
    }
    const made = await this.#make(owner, { kind: 'device', deviceId: device.id, name }, DEVICE_PREFIX);
    this.#note(owner, 'mqtt-credential.created', made.record, device.name);
    return made;
  }

  /** @param home a device of the account that the password stands for; @throws PorchlightError `conflict` */
  async makeAppPassword(
    owner: CredentialOwner,
    wish: { readonly name: string; readonly home: string | undefined },
  ): Promise<{ record: MqttCredentialRecord; secret: string }> {
    if ((await this.appPasswords(owner.accountId)).length >= APP_PASSWORDS_MAX) {
      throw new PorchlightError(
        'conflict',
        `An account has ${APP_PASSWORDS_MAX} app passwords at most; revoke one first`,
      );
    }
    const made = await this.#make(owner, { kind: 'app', deviceId: wish.home, name: wish.name }, APP_PREFIX);
    this.#note(owner, 'app-password.created', made.record, wish.name);
    return made;
  }

  ofDevice(accountId: string, deviceId: string): Promise<MqttCredentialRecord[]> {
    return this.#store.ofDevice(accountId, deviceId);
  }

  appPasswords(accountId: string): Promise<MqttCredentialRecord[]> {
    return this.#store.appPasswords(accountId);
  }

  /** Ends connections that came with it, too. @throws PorchlightError `not_found` */
  async revoke(
    owner: CredentialOwner,
    id: string,
    of: { kind: 'app' } | { kind: 'device'; deviceId: string },
  ): Promise<void> {
    const listed =
      of.kind === 'app'
        ? await this.appPasswords(owner.accountId)
        : await this.ofDevice(owner.accountId, of.deviceId);
    const record = listed.find((one) => one.id === id);
    if (record === undefined || (await this.#store.remove(owner.accountId, id)) === undefined) {
      throw new PorchlightError('not_found');
    }
    this.#events.publish({ type: 'mqtt-credential-revoked', accountId: owner.accountId, credentialId: id });
    this.#note(
      owner,
      of.kind === 'app' ? 'app-password.revoked' : 'mqtt-credential.revoked',
      record,
      record.name,
    );
  }

  /** Is this text of the form of a secret of ours? Then it is never tried as an account's password. */
  isSecret(text: string): boolean {
    return SECRET.test(text);
  }

  /** The record of a secret; undefined when it is malformed, unknown or revoked. */
  async find(secret: string): Promise<MqttCredentialRecord | undefined> {
    return this.isSecret(secret) ? this.#store.bySecretHash(hashSecret(secret)) : undefined;
  }

  /** Notes that somebody came with it. */
  async used(record: MqttCredentialRecord): Promise<void> {
    const now = this.#clock.now();
    if (now - (record.lastUsedAt ?? 0) >= USED_MS) await this.#store.used(record.id, now);
  }

  async #make(
    owner: CredentialOwner,
    wish: Pick<MqttCredentialRecord, 'kind' | 'deviceId' | 'name'>,
    prefix: string,
  ): Promise<{ record: MqttCredentialRecord; secret: string }> {
    const secret = newSecret(prefix);
    const record: MqttCredentialRecord = {
      ...wish,
      id: newId(),
      accountId: owner.accountId,
      secretHash: hashSecret(secret),
      createdAt: this.#clock.now(),
      lastUsedAt: undefined,
    };
    await this.#store.insert(record);
    return { record, secret };
  }

  #note(
    owner: CredentialOwner,
    action:
      | 'mqtt-credential.created'
      | 'mqtt-credential.revoked'
      | 'app-password.created'
      | 'app-password.revoked',
    record: MqttCredentialRecord,
    target: string,
  ): void {
    this.#audit.append({
      accountId: owner.accountId,
      at: this.#clock.now(),
      actor: owner.actor,
      action,
      target,
      ...(record.deviceId === undefined ? {} : { deviceId: record.deviceId }),
      ...(owner.address === undefined ? {} : { address: owner.address }),
      detail: { name: record.name },
    });
  }
}
