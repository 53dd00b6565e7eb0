import type { IncomingHttpHeaders } from 'node:http';
import type { AccountStore, Sessions, SshKeys } from '../accounts/index.ts';
import type { Clock } from '../clock.ts';
import type { EventBus, RelayEvent } from '../events.ts';
import { hashSecret } from '../secrets.ts';
import type { AccessTokens } from './access-tokens.ts';
import { BoundedCache } from './bounded-cache.ts';
import { consoleSecret } from './console-cookie.ts';
import { createGrant, type GrantRecord } from './grant.ts';
import { ANONYMOUS, type Identity, type Person } from './identity.ts';

/** An identity is looked up again after so long, so that what another relay revoked ends here too. */
const CACHE_LIFE_MS = 30_000;
const CACHE_MAX = 10_000;
/** Something ends during a lookup now and then, seldom twice. */
const LOOKS_MAX = 5;

/** Access tokens that OAuth apps have. */
export interface AppTokens {
  /** Whose it is and what for; undefined when it is malformed, unknown, expired or revoked. */
  find(token: string): Promise<
    | {
        readonly accountId: string;
        /** What it stands on, and is revoked by. */
        readonly grantId: string;
        readonly grant: GrantRecord;
        /** Ms since 1970. */
        readonly expiresAt: number;
      }
    | undefined
  >;
}

interface Cached {
  readonly person: Person;
  /** Monotonic ms. */
  readonly freshUntil: number;
  /** End of the session or token, in ms since 1970; undefined: none. */
  readonly expiresAt: number | undefined;
}

/**
 * Resolves who asks. Answers are kept for half a minute, and dropped at once when the session, token or account they
 * stand on ends or changes.
 */
export class Identities {
  readonly #sessions: Sessions;
  readonly #tokens: AccessTokens;
  readonly #appTokens: AppTokens;
  readonly #keys: Pick<SshKeys, 'byFingerprint'>;
  readonly #accounts: Pick<AccountStore, 'byId'>;
  readonly #clock: Clock;
  readonly #cache = new BoundedCache<Cached>(CACHE_MAX);
  readonly #unsubscribe: () => void;
  /** Counts what was dropped: a lookup that began before a drop must not be kept after it. */
  #drops = 0;

  constructor(parts: {
    sessions: Sessions;
    tokens: AccessTokens;
    appTokens: AppTokens;
    keys: Pick<SshKeys, 'byFingerprint'>;
    accounts: Pick<AccountStore, 'byId'>;
    events: EventBus;
    clock: Clock;
  }) {
    this.#sessions = parts.sessions;
    this.#tokens = parts.tokens;
    this.#appTokens = parts.appTokens;
    this.#keys = parts.keys;
    this.#accounts = parts.accounts;
    this.#clock = parts.clock;
    this.#unsubscribe = parts.events.subscribe((event) => this.#hear(event));
  }

  /**
   * Who sent a request with these headers to the console: by `Authorization: Bearer`, else by the console's cookie.
   * With a Bearer token the cookie is never looked at, so a wrong token is nobody. `secure`: it came over TLS.
   */
  identify(headers: IncomingHttpHeaders, secure: boolean): Promise<Identity> {
    const bearer = bearerToken(headers.authorization);
    if (bearer !== undefined) return this.byAccessToken(bearer);
    const secret = consoleSecret(headers.cookie, secure);
    return secret === undefined ? Promise.resolve(ANONYMOUS) : this.bySessionSecret(secret);
  }

  /** Whose console cookie has this secret. */
  bySessionSecret(secret: string): Promise<Identity> {
    return this.#resolve(`secret ${hashSecret(secret)}`, async () =>
      this.#ofSession(await this.#sessions.find(secret)),
    );
  }

  /** For what was derived from a session, such as a published host's cookie: anonymous once the session has ended. */
  bySession(accountId: string, sessionId: string): Promise<Identity> {
    return this.#resolve(`session ${accountId} ${sessionId}`, async () =>
      this.#ofSession(await this.#sessions.byId(accountId, sessionId)),
    );
  }

  /** Whose personal access token this is, or in whose name an app has it. */
  byAccessToken(token: string): Promise<Identity> {
    return this.#resolve(`token ${hashSecret(token)}`, async () => {
      const found = await this.#findToken(token);
      if (found === undefined) return undefined;
      const account = await this.#accounts.byId(found.accountId);
      if (account === undefined) return undefined;
      const { id: accountId, name: accountName, role } = account;
      const grant = found.grant && createGrant(found.grant);
      const { tokenId, expiresAt, endsAt } = found;
      const person = { kind: 'access-token', accountId, accountName, role, tokenId, grant, endsAt } as const;
      return { person, expiresAt };
    });
  }

  /** Whose SSH key has this fingerprint; whoever asks has proven to hold the key. */
  bySshKey(fingerprint: string): Promise<Identity> {
    return this.#resolve(`ssh-key ${fingerprint}`, async () => {
      const record = await this.#keys.byFingerprint(fingerprint);
      const account = record === undefined ? undefined : await this.#accounts.byId(record.accountId);
      if (record === undefined || account === undefined) return undefined;
      const { id: accountId, name: accountName, role } = account;
      const person = { kind: 'ssh-key', accountId, accountName, role, keyId: record.id } as const;
      return { person, expiresAt: undefined };
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  async #findToken(token: string) {
    const personal = await this.#tokens.find(token);
    if (personal !== undefined) return { ...personal, tokenId: personal.id, endsAt: personal.expiresAt };
    const ofApp = await this.#appTokens.find(token);
    return ofApp && { ...ofApp, tokenId: ofApp.grantId, endsAt: undefined };
  }

  async #ofSession(session: { id: string; accountId: string; expiresAt: number } | undefined) {
    const account = session === undefined ? undefined : await this.#accounts.byId(session.accountId);
    if (session === undefined || account === undefined) return undefined;
    const { id: accountId, name: accountName, role } = account;
    const person = { kind: 'session', accountId, accountName, role, sessionId: session.id } as const;
    return { person, expiresAt: session.expiresAt };
  }

  async #resolve(
    key: string,
    lookUp: () => Promise<Omit<Cached, 'freshUntil'> | undefined>,
  ): Promise<Identity> {
    const cached = this.#cache.use(key);
    if (cached !== undefined && cached.freshUntil > this.#clock.monotonic()) {
      return cached.expiresAt === undefined || cached.expiresAt > this.#clock.now()
        ? cached.person
        : ANONYMOUS;
    }
    for (let looks = 1; ; looks += 1) {
      const drops = this.#drops;
      const found = await lookUp();
      if (found === undefined) {
        this.#cache.delete(key);
        return ANONYMOUS;
      }
      const untouched = drops === this.#drops;
      if (untouched) this.#cache.set(key, { ...found, freshUntil: this.#clock.monotonic() + CACHE_LIFE_MS });
      // What ended meanwhile must not open something that nobody would end any more.
      if (untouched || looks >= LOOKS_MAX) return found.person;
    }
  }

  #hear(event: RelayEvent): void {
    switch (event.type) {
      case 'sessions-ended':
        return this.#drop(
          ({ person }) => person.kind === 'session' && event.sessionIds.includes(person.sessionId),
        );
      case 'access-token-revoked':
        return this.#drop(({ person }) => person.kind === 'access-token' && person.tokenId === event.tokenId);
      case 'ssh-key-removed':
        return this.#drop(({ person }) => person.kind === 'ssh-key' && person.keyId === event.keyId);
      case 'account-changed':
      case 'account-removed':
        return this.#drop(({ person }) => person.accountId === event.accountId);
      default:
    }
  }

  #drop(holds: (cached: Cached) => boolean): void {
    this.#drops += 1;
    this.#cache.drop(holds);
  }
}

/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1); undefined when it is of another kind. */
export function bearerToken(header: string | undefined): string | undefined {
  return (
    /^bearer(?: +(.*))?$/i.exec(header ?? '')?.[1]?.trim() ??
    (/^bearer\b/i.test(header ?? '') ? '' : undefined)
  );
}
