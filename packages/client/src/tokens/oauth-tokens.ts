import { PorchlightError } from '@porchlight/protocol';
import { type OAuthServer, refreshTokens } from '../sign-in/index.ts';
import type { TokenSource } from './token-source.ts';
import type { StoredTokens, TokenStore } from './token-store.ts';

/** A token is renewed so long before its end: a request may take a while, and clocks differ. */
const EARLY_MS = 60_000;

export interface OAuthTokensOptions {
  readonly server: OAuthServer;
  readonly store: TokenStore;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

/** Tokens of a sign-in, refreshed before they end: once, however many ask. */
export class OAuthTokens implements TokenSource {
  readonly #server: OAuthServer;
  readonly #store: TokenStore;
  readonly #now: () => number;
  #known: StoredTokens | undefined;
  #refreshing: Promise<string> | undefined;

  constructor({ server, store, now = Date.now }: OAuthTokensOptions) {
    this.#server = server;
    this.#store = store;
    this.#now = now;
  }

  /** @throws PorchlightError `not_signed_in`, `token_invalid` (sign in again), `relay_unreachable` */
  async token(): Promise<string> {
    this.#known ??= await this.#store.load();
    if (this.#known === undefined)
      throw new PorchlightError('not_signed_in', 'Nobody has signed in here yet');
    const left = this.#known.expiresAt - this.#now();
    if (left > EARLY_MS) return this.#known.accessToken;
    try {
      return await this.#refresh(this.#known.accessToken);
    } catch (error) {
      // It is good for some moments yet, and the relay may be back by then.
      if (left > 0 && error instanceof PorchlightError && error.retry) return this.#known.accessToken;
      throw error;
    }
  }

  renew(refused: string): Promise<string> {
    return this.#refresh(refused);
  }

  #refresh(old: string): Promise<string> {
    this.#refreshing ??= this.#refreshAlone(old).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refreshAlone(old: string): Promise<string> {
    const alone = this.#store.alone?.bind(this.#store) ?? ((run: () => Promise<string>) => run());
    return alone(async () => {
      const kept = await this.#store.load();
      this.#known = kept;
      if (kept === undefined) throw new PorchlightError('not_signed_in', 'Somebody has signed out here');
      // Another program was faster.
      if (kept.accessToken !== old && kept.expiresAt - this.#now() > EARLY_MS) return kept.accessToken;
      if (kept.refreshToken === undefined) throw new PorchlightError('token_invalid');
      const next = await refreshTokens(this.#server, kept.refreshToken, this.#now());
      this.#known = { ...next, scope: next.scope ?? kept.scope };
      await this.#store.save(this.#known);
      return this.#known.accessToken;
    });
  }
}
