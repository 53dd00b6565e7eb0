export interface SshKeyRecord {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  /** `SHA256:…`; unique on the relay. */
  readonly fingerprint: string;
  /** `<type> <base64>`, without comment. */
  readonly publicKey: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
}

/** Keeps the SSH keys of people. */
export interface SshKeyStore {
  /** @throws PorchlightError `conflict` when the key is there already, whosever it is */
  insert(record: SshKeyRecord): Promise<void>;
  byFingerprint(fingerprint: string): Promise<SshKeyRecord | undefined>;
  /** Newest first. */
  list(accountId: string): Promise<SshKeyRecord[]>;
  used(id: string, at: number): Promise<void>;
  remove(accountId: string, id: string): Promise<boolean>;
}
