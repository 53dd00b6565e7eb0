import { findOAuthServer, OAuthTokens, type TokenSource, type TokenStore } from '@porchlight/client';

/** A token with less time left is renewed first: a request may take a while, and clocks differ. */
const EARLY_MS = 60_000;

/** Tokens of a sign-in in the browser. The relay is asked how to renew them only when that is due. */
export class SignInTokens implements TokenSource {
  readonly #origin: string;
  readonly #store: TokenStore;
  #renewing: OAuthTokens | undefined;

  constructor(origin: string, store: TokenStore) {
    this.#origin = origin;
    this.#store = store;
  }

  async token(): Promise<string> {
    const kept = await this.#store.load();
    if (kept !== undefined && kept.expiresAt - Date.now() > EARLY_MS) return kept.accessToken;
    return (await this.#tokens()).token();
  }

  async renew(refused: string): Promise<string> {
    return (await this.#tokens()).renew(refused);
  }

  async #tokens(): Promise<OAuthTokens> {
    this.#renewing ??= new OAuthTokens({
      server: await findOAuthServer({ relay: this.#origin }),
      store: this.#store,
    });
    return this.#renewing;
  }
}
