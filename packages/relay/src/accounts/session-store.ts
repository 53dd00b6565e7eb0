export interface SessionRecord {
  readonly id: string;
  readonly accountId: string;
  /** SHA-256, hex, of the secret in the cookie. */
  readonly tokenHash: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly address: string;
  readonly userAgent: string;
}

/** Keeps sign-in sessions. Every method but `byTokenHash` and the clean-up is confined to one account. */
export interface SessionStore {
  insert(record: SessionRecord): Promise<void>;
  /** Expired ones are not found. */
  byTokenHash(tokenHash: string, now: number): Promise<SessionRecord | undefined>;
  /** Newest first; expired ones left out. */
  list(accountId: string, now: number): Promise<SessionRecord[]>;
  touch(id: string, lastSeenAt: number, expiresAt: number): Promise<void>;
  /** False when the account has no such session. */
  remove(accountId: string, id: string): Promise<boolean>;
  /** Ends all of an account's sessions except one; gives the ids ended. */
  removeOthers(accountId: string, exceptId: string | undefined): Promise<string[]>;
  removeExpired(now: number): Promise<void>;
}
