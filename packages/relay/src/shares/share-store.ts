export interface ShareRecord {
  readonly id: string;
  readonly accountId: string;
  readonly deviceId: string;
  readonly service: string;
  /** What its maker calls it. */
  readonly name: string;
  /** `read`: by methods that only read. */
  readonly scope: 'read' | 'write';
  /** SHA-256, hex, of the code in the link. */
  readonly tokenHash: string;
  readonly passwordHash: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  /** Times that it can still be opened; undefined: as often as one likes. */
  readonly usesLeft: number | undefined;
  readonly used: number;
  readonly lastUsedAt: number | undefined;
}

/** Keeps share links, by the hash of their code only. They go with their device and their account. */
export interface ShareStore {
  insert(record: ShareRecord): Promise<void>;
  /** Expired ones are not found, by either. */
  byTokenHash(tokenHash: string, now: number): Promise<ShareRecord | undefined>;
  byId(id: string, now: number): Promise<ShareRecord | undefined>;
  /** Takes one use; false when there is none left, or it has expired. Of callers racing for the last, one gets it. */
  use(id: string, now: number): Promise<boolean>;
  /** Newest first, with the expired and used-up ones. */
  list(accountId: string, deviceId?: string): Promise<ShareRecord[]>;
  remove(accountId: string, id: string): Promise<boolean>;
}
