export interface MqttCredentialRecord {
  readonly id: string;
  readonly accountId: string;
  /** `device`: the device signs in with it as itself. `app`: an app password, in the account's place. */
  readonly kind: 'device' | 'app';
  /** The device; of an app password the home that it names, if it names one. */
  readonly deviceId: string | undefined;
  readonly name: string;
  /** SHA-256, hex. */
  readonly secretHash: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
}

/** Keeps what MQTT clients sign in with, by hash only. They go with their account, and with their device. */
export interface MqttCredentialStore {
  /** @throws PorchlightError `not_found` when account or device are gone */
  insert(record: MqttCredentialRecord): Promise<void>;
  bySecretHash(secretHash: string): Promise<MqttCredentialRecord | undefined>;
  /** A device's own, newest first. */
  ofDevice(accountId: string, deviceId: string): Promise<MqttCredentialRecord[]>;
  /** An account's app passwords, newest first. */
  appPasswords(accountId: string): Promise<MqttCredentialRecord[]>;
  /** All of an account, its devices' and its app passwords, newest first. */
  ofAccount(accountId: string): Promise<MqttCredentialRecord[]>;
  /** Which of these, of any account, are there still. */
  standing(ids: readonly string[]): Promise<Set<string>>;
  used(id: string, at: number): Promise<void>;
  remove(accountId: string, id: string): Promise<MqttCredentialRecord | undefined>;
}
