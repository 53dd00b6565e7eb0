export interface EnrolmentTokenRecord {
  readonly id: string;
  readonly accountId: string;
  readonly note: string;
  readonly tags: readonly string[];
  /** SHA-256, hex, of the token. */
  readonly tokenHash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usesLeft: number;
  readonly used: number;
}

/** Keeps enrolment tokens, by hash only. */
export interface EnrolmentTokenStore {
  insert(record: EnrolmentTokenRecord): Promise<void>;
  /** Newest first, with the expired and used-up ones, until they are removed. */
  list(accountId: string): Promise<EnrolmentTokenRecord[]>;
  /**
   * Takes one use, atomically: of two callers racing for the last use one gets the record (as it is after the use)
   * and the other undefined. Undefined too when it is unknown or expired.
   */
  use(tokenHash: string, now: number): Promise<EnrolmentTokenRecord | undefined>;
  /** Gives a use back, when the device could not be made after all. */
  giveBack(id: string): Promise<void>;
  remove(accountId: string, id: string): Promise<boolean>;
}
