import type {
  AccessToken,
  AuditAction,
  AuditEntry,
  MadeAccessToken,
  Me,
  NewAccessToken,
  NewSshKey,
  SshKey,
} from '@porchlight/protocol/api';
import { type ApiCaller, type CallOptions, part } from './caller.ts';
import { everyItem, type Page, type PageQuery } from './pages.ts';

/** Personal access tokens. Most relays let only a person in a browser make them. */
export class AccessTokens {
  readonly #caller: ApiCaller;

  constructor(caller: ApiCaller) {
    this.#caller = caller;
  }

  all(options?: CallOptions): AsyncGenerator<AccessToken, void, undefined> {
    return everyItem<AccessToken>(this.#caller, '/api/me/access-tokens', options);
  }

  /** The answer alone has the token itself. */
  make(wish: NewAccessToken, options?: CallOptions): Promise<MadeAccessToken> {
    return this.#caller.call('POST', '/api/me/access-tokens', { ...options, body: wish });
  }

  /** Ends it, and at once all that stands on it. */
  revoke(id: string, options?: CallOptions): Promise<void> {
    return this.#caller.call('DELETE', `/api/me/access-tokens/${part(id)}`, options);
  }
}

/** SSH keys of the person, with which they are an operator. */
export class SshKeys {
  readonly #caller: ApiCaller;

  constructor(caller: ApiCaller) {
    this.#caller = caller;
  }

  all(options?: CallOptions): AsyncGenerator<SshKey, void, undefined> {
    return everyItem<SshKey>(this.#caller, '/api/me/ssh-keys', options);
  }

  add(key: NewSshKey, options?: CallOptions): Promise<SshKey> {
    return this.#caller.call('POST', '/api/me/ssh-keys', { ...options, body: key });
  }

  remove(id: string, options?: CallOptions): Promise<void> {
    return this.#caller.call('DELETE', `/api/me/ssh-keys/${part(id)}`, options);
  }
}

/** Which entries of the audit. */
export interface AuditFilter extends CallOptions {
  readonly action?: AuditAction | undefined;
  /** Account name, or `device:<name>`. */
  readonly actor?: string | undefined;
  readonly deviceId?: string | undefined;
  /** Milliseconds since 1970. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** What was done, newest first. */
export class Audit {
  readonly #caller: ApiCaller;

  constructor(caller: ApiCaller) {
    this.#caller = caller;
  }

  list({ signal, ...query }: AuditFilter & PageQuery = {}): Promise<Page<AuditEntry>> {
    return this.#caller.call('GET', '/api/audit', { query, signal });
  }

  all({ signal, ...query }: AuditFilter = {}): AsyncGenerator<AuditEntry, void, undefined> {
    return everyItem<AuditEntry>(this.#caller, '/api/audit', { query, signal });
  }
}

/** Who the token acts for, and what the relay says of itself. */
export function whoAmI(caller: ApiCaller, options?: CallOptions): Promise<Me> {
  return caller.call('GET', '/api/me', options);
}
