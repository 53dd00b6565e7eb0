import { isAccountName, PorchlightError } from '@porchlight/protocol';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import { addressKey, TokenBuckets } from '../token-buckets.ts';
import type { AccountRecord, AccountStore } from './account-store.ts';
import type { Accounts } from './accounts.ts';
import type { Passwords } from './passwords.ts';
import type { SessionRecord } from './session-store.ts';
import type { Sessions } from './sessions.ts';
import type { SetupLink } from './setup-link.ts';
import type { SignInLinks } from './sign-in-links.ts';
import { type SignInAttempt, SignInThrottle } from './sign-in-throttle.ts';

export interface SignedIn {
  readonly account: AccountRecord;
  readonly session: SessionRecord;
  /** For the cookie. */
  readonly secret: string;
}

interface From {
  readonly address: string;
  readonly userAgent: string;
}

/** Refusals written to the audit log: ten of an address, then one a minute; a flood must not fill the log. */
const REFUSALS = { capacity: 10, refillMs: 60_000 };
/** Wrong links from one address: they have 256 bits, this only bounds the work. */
const LINK_TRIES = { capacity: 20, refillMs: 10_000 };

/**
 * Names that nobody brings along from upstream: who asks to be let in over MQTT, whoever comes as a person over SSH, and
 * the relay in the audit log are called so.
 */
const NOT_FROM_UPSTREAM: ReadonlySet<string> = new Set(['join', 'operator', 'relay']);

/** Where people have a name and password already. */
export interface Upstream {
  /** Whether they fit there; false also when it cannot be asked. Never rejects. */
  fits(given: { name: string; password: string }): Promise<boolean>;
  /** Makes the account, or gives it the password. As {@link Accounts.adopt}. */
  adopt: Accounts['adopt'];
}

type AttemptResult = 'ok' | 'failed' | 'throttled';

/** The three ways in: password, one-time link, and the set-up link of the first account. */
export class SignIn {
  readonly #accounts: AccountStore;
  readonly #passwords: Passwords;
  readonly #sessions: Sessions;
  readonly #links: SignInLinks;
  readonly #setup: SetupLink;
  readonly #audit: Audit;
  readonly #clock: Clock;
  readonly #onAttempt: (result: AttemptResult) => void;
  readonly #throttle: SignInThrottle;
  readonly #upstream: Upstream | undefined;
  readonly #refusals: TokenBuckets;
  readonly #linkTries: TokenBuckets;

  constructor(parts: {
    accounts: AccountStore;
    passwords: Passwords;
    sessions: Sessions;
    links: SignInLinks;
    setup: SetupLink;
    audit: Audit;
    clock: Clock;
    /** Counts attempts. */
    onAttempt: (result: AttemptResult) => void;
    /** Knows people whom this relay does not; undefined: nobody else is asked. */
    upstream?: Upstream | undefined;
  }) {
    this.#upstream = parts.upstream;
    this.#accounts = parts.accounts;
    this.#passwords = parts.passwords;
    this.#sessions = parts.sessions;
    this.#links = parts.links;
    this.#setup = parts.setup;
    this.#audit = parts.audit;
    this.#clock = parts.clock;
    this.#onAttempt = parts.onAttempt;
    this.#throttle = new SignInThrottle(parts.clock);
    this.#refusals = new TokenBuckets(REFUSALS, parts.clock);
    this.#linkTries = new TokenBuckets(LINK_TRIES, parts.clock);
  }

  /** @throws PorchlightError `wrong_credentials` (alike for an unknown name), `too_many_requests`, `busy` */
  withPassword(given: { name: string; password: string }, from: From): Promise<SignedIn> {
    return this.#counted(async () =>
      this.#start(await this.#checked(given, from.address, 'password'), from, 'password'),
    );
  }

  /**
   * The account that name and password are of, without a session: for what is not a browser. `by` names the way in, for
   * the audit log. @throws as {@link withPassword}
   */
  check(
    given: { name: string; password: string },
    from: { address: string; by: string },
  ): Promise<AccountRecord> {
    return this.#counted(() => this.#checked(given, from.address, from.by));
  }

  async #checked(
    given: { name: string; password: string },
    address: string,
    by: string,
  ): Promise<AccountRecord> {
    const name = given.name.trim().toLowerCase();
    const account = await this.#accounts.byName(name);
    await this.#rememberAddresses(account, name, address);
    const attempt = this.#throttle.begin(name, address);
    if (!(await this.#fits(account, given.password, attempt)) || account === undefined) {
      const adopted = await this.#adopt(account, { name, password: given.password }, address);
      if (adopted !== undefined) {
        attempt.succeeded();
        return adopted;
      }
      this.#refuse(account, name, { address }, by);
      throw new PorchlightError('wrong_credentials');
    }
    attempt.succeeded();
    return account;
  }

  /** Somebody unknown, or with a new password there: asks upstream. An account of this relay's own is never asked for. */
  async #adopt(
    account: AccountRecord | undefined,
    given: { name: string; password: string },
    address: string,
  ): Promise<AccountRecord | undefined> {
    const upstream = this.#upstream;
    if (upstream === undefined || !isAccountName(given.name) || given.password === '') return undefined;
    if (account !== undefined && account.upstream !== true) return undefined;
    if (NOT_FROM_UPSTREAM.has(given.name)) return undefined;
    if (!(await upstream.fits(given))) return undefined;
    return upstream.adopt({ name: 'relay', address }, given);
  }

  /** @throws PorchlightError `expired`, `too_many_requests` */
  withLink(token: string, from: From): Promise<SignedIn> {
    return this.#counted(() => this.#withLink(token, from));
  }

  async #withLink(token: string, from: From): Promise<SignedIn> {
    this.#takeLinkTry(from.address);
    const accountId = this.#links.redeem(token);
    const account = accountId === undefined ? undefined : await this.#accounts.byId(accountId);
    if (account === undefined) {
      this.#refuse(undefined, undefined, from, 'link');
      throw new PorchlightError('expired', 'The sign-in link is not valid, or was used already');
    }
    return this.#start(account, from, 'link');
  }

  /** Makes the first account and signs it in. @throws PorchlightError `expired`, `too_many_requests`, `busy` */
  async withSetupLink(
    given: { token: string; name: string; password: string },
    from: From,
  ): Promise<SignedIn> {
    this.#takeLinkTry(from.address);
    const account = await this.#setup.redeem(given.token, given, from.address);
    return this.#start(account, from, 'set-up link');
  }

  async #counted<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      const result = await attempt();
      this.#onAttempt('ok');
      return result;
    } catch (error) {
      const throttled = error instanceof PorchlightError && error.code === 'too_many_requests';
      this.#onAttempt(throttled ? 'throttled' : 'failed');
      throw error;
    }
  }

  async #fits(
    account: AccountRecord | undefined,
    password: string,
    attempt: SignInAttempt,
  ): Promise<boolean> {
    try {
      return await this.#passwords.verify(account?.passwordHash, password);
    } catch (error) {
      attempt.withdrawn();
      throw error;
    }
  }

  /** Asks the store for an unknown name too, so that it takes the same time. */
  async #rememberAddresses(account: AccountRecord | undefined, name: string, address: string): Promise<void> {
    const from = addressKey(address);
    const sessions = await this.#sessions.list(account?.id ?? 'none');
    if (sessions.some((session) => addressKey(session.address) === from)) {
      this.#throttle.remember(name, address);
    }
  }

  async #start(account: AccountRecord, from: From, by: string): Promise<SignedIn> {
    const started = await this.#sessions.start(account.id, from);
    this.#audit.append({
      accountId: account.id,
      at: this.#clock.now(),
      actor: account.name,
      action: 'session.started',
      address: from.address,
      detail: { by },
    });
    return { account, ...started };
  }

  /** An unknown name goes to the relay's own log, where admins see it. */
  #refuse(
    account: AccountRecord | undefined,
    name: string | undefined,
    from: { address: string },
    by: string,
  ): void {
    if (this.#refusals.take(addressKey(from.address)) > 0) return;
    this.#audit.append({
      accountId: account?.id,
      at: this.#clock.now(),
      actor: account?.name ?? 'relay',
      action: 'session.refused',
      target: name?.slice(0, 64),
      address: from.address,
      detail: { by },
    });
  }

  #takeLinkTry(address: string): void {
    const wait = this.#linkTries.take(addressKey(address));
    if (wait === 0) return;
    throw new PorchlightError('too_many_requests', undefined, {
      detail: { retryAfter: Math.ceil(wait / 1000) },
    });
  }
}
