/** A program that people may let do things for them: a client (RFC 6749 §2). */
export interface AppRecord {
  /** Its `client_id`. */
  readonly id: string;
  /** Who registered it. */
  readonly accountId: string;
  readonly name: string;
  /** A small picture as a data URL. */
  readonly logo: string | undefined;
  /** Addresses that codes may be sent to. */
  readonly callbacks: readonly string[];
  /** It can keep a secret (RFC 6749 §2.1). */
  readonly confidential: boolean;
  readonly createdAt: number;
  /** Oldest first; more than one while the secret is being changed. */
  readonly secrets: readonly AppSecretRecord[];
}

export interface AppSecretRecord {
  readonly id: string;
  /** SHA-256, hex, of the secret. */
  readonly secretHash: string;
  /** For clients that authenticate by Digest (RFC 7616 §3.4.2): MD5, hex, of `id:realm:secret`. */
  readonly digestHash: string | undefined;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
}

/** Keeps the apps that people registered, with the hashes of their secrets. */
export interface AppStore {
  /** With its secrets. */
  insert(app: AppRecord): Promise<void>;
  byId(id: string): Promise<AppRecord | undefined>;
  /** Oldest first. */
  list(accountId: string): Promise<AppRecord[]>;
  /** False when the account has no such app. */
  change(
    accountId: string,
    id: string,
    change: {
      readonly name: string;
      readonly logo: string | undefined;
      readonly callbacks: readonly string[];
    },
  ): Promise<boolean>;
  remove(accountId: string, id: string): Promise<boolean>;
  addSecret(appId: string, secret: AppSecretRecord): Promise<void>;
  removeSecret(appId: string, secretId: string): Promise<boolean>;
  secretUsed(secretId: string, at: number): Promise<void>;
}
