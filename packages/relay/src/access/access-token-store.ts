import type { GrantRecord } from './grant.ts';

export interface AccessTokenRecord {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  /** SHA-256, hex, of the token. */
  readonly tokenHash: string;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly lastUsedAt: number | undefined;
  /** Undefined: everything that is not done in a browser only. */
  readonly grant: GrantRecord | undefined;
}

/** Keeps personal access tokens, by hash only. */
export interface AccessTokenStore {
  insert(record: AccessTokenRecord): Promise<void>;
  /** Expired ones are not found. */
  byTokenHash(tokenHash: string, now: number): Promise<AccessTokenRecord | undefined>;
  /** Newest first. */
  list(accountId: string): Promise<AccessTokenRecord[]>;
  used(id: string, at: number): Promise<void>;
  remove(accountId: string, id: string): Promise<boolean>;
}
