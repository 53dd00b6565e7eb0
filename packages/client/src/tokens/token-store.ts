/** What a sign-in gave: kept between runs of a program. All of it is secret. */
export interface StoredTokens {
  readonly accessToken: string;
  /** When the access token ends, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** Gives the next access token, once; absent: sign in again. */
  readonly refreshToken?: string | undefined;
  /** What was granted. */
  readonly scope?: string | undefined;
}

/** Where tokens are kept. Your own may be given. */
export interface TokenStore {
  load(): Promise<StoredTokens | undefined>;
  /** Keeps them; undefined: forgets what was kept. */
  save(tokens: StoredTokens | undefined): Promise<void>;
  /**
   * Runs alone among all programs that share the store. A refresh token is good once, and its second use ends all of
   * them: without this, two programs that refresh at the same moment sign each other out.
   */
  alone?<T>(run: () => Promise<T>): Promise<T>;
}

/** Forgets everything when the program ends. */
export function memoryStore(tokens?: StoredTokens): TokenStore {
  let kept = tokens;
  return {
    load: () => Promise.resolve(kept),
    save(next) {
      kept = next;
      return Promise.resolve();
    },
  };
}

/** Reads what a store has kept as text; undefined: it is damaged or nothing. */
export function parseStoredTokens(text: string): StoredTokens | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { accessToken, expiresAt, refreshToken, scope } = value as Record<string, unknown>;
  if (typeof accessToken !== 'string' || typeof expiresAt !== 'number') return undefined;
  return {
    accessToken,
    expiresAt,
    ...(typeof refreshToken === 'string' ? { refreshToken } : {}),
    ...(typeof scope === 'string' ? { scope } : {}),
  };
}
