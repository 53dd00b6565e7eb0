import type { Role } from '@porchlight/protocol/api';

export interface AccountRecord {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** PHC string of argon2id. */
  readonly passwordHash: string;
  readonly createdAt: number;
  /** It came with a password of the upstream emoncms, and nobody has set another here. */
  readonly upstream?: boolean;
}

/** Keeps accounts. Names are unique; the caller has validated and lower-cased them. */
export interface AccountStore {
  /** @throws PorchlightError `name_taken` */
  insert(record: AccountRecord): Promise<void>;
  byId(id: string): Promise<AccountRecord | undefined>;
  byName(name: string): Promise<AccountRecord | undefined>;
  /** In order of name, those after `afterName` first. */
  list(page: { afterName?: string | undefined; limit: number }): Promise<AccountRecord[]>;
  update(id: string, change: { role?: Role; passwordHash?: string; upstream?: boolean }): Promise<boolean>;
  /** Removes the account with its sessions, tokens, devices and their history; names of its devices stay reserved. */
  remove(id: string): Promise<boolean>;
  count(filter?: { role: Role }): Promise<number>;
}
