/** Where access tokens come from. Your own may be given wherever one is asked for. */
export interface TokenSource {
  /** A token to send now. Many callers may ask at once. @throws PorchlightError `not_signed_in` when there is none */
  token(signal?: AbortSignal): Promise<string>;
  /**
   * The relay refused this token: gives another one to try once, or undefined. Without this method none is tried.
   * @throws PorchlightError `token_invalid` when only signing in again helps
   */
  renew?(refused: string, signal?: AbortSignal): Promise<string | undefined>;
}

/** A token that stays as it is: a personal access token. */
export function staticToken(token: string): TokenSource {
  return { token: () => Promise.resolve(token) };
}

/** A source from what people write: a token itself, a source, or nothing. */
export function toTokenSource(given: string | TokenSource | undefined): TokenSource | undefined {
  return typeof given === 'string' ? staticToken(given) : given;
}
