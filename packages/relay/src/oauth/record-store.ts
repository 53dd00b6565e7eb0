/** Something that the authorization server keeps for a time: a code, a token, a request that a person is asked about. */
export interface OAuthRecord {
  /** What it is, in the words of oidc-provider: `AccessToken`, `DeviceCode`, … */
  readonly kind: string;
  /** SHA-256, hex, of its identifier, which for codes and tokens is the secret itself. */
  readonly idHash: string;
  readonly grantId: string | undefined;
  /** SHA-256, hex, of the code that a person types in. */
  readonly userCodeHash: string | undefined;
  /** JSON, without any secret. */
  readonly payload: string;
  readonly consumedAt: number | undefined;
  readonly expiresAt: number | undefined;
}

/** Keeps records of the authorization server, also those that have expired, until they are swept. */
export interface OAuthRecordStore {
  /** Adds a record or replaces it; what is undefined in it stays as it was. */
  put(record: OAuthRecord): Promise<void>;
  find(kind: string, idHash: string): Promise<OAuthRecord | undefined>;
  byUserCode(userCodeHash: string): Promise<OAuthRecord | undefined>;
  /** Marks it as used up, once: of two callers only one gets true. It then expires at the latest at `until`. */
  consume(kind: string, idHash: string, at: number, until: number): Promise<boolean>;
  remove(kind: string, idHash: string): Promise<void>;
  /** All of a grant; `beyond`: only those of one kind that expire before the newest so many. */
  removeOfGrant(grantId: string, beyond?: { readonly kind: string; readonly keep: number }): Promise<void>;
  /** Those of a kind that have not expired. */
  count(kind: string, now: number): Promise<number>;
  /** Removes what has expired, and what stands on a grant that is gone. */
  sweep(now: number): Promise<void>;
}
