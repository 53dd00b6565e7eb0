import { PorchlightError } from '@porchlight/protocol';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events.ts';
import { hashSecret, newId, newSecret } from '../secrets.ts';
import type { AccessTokenRecord, AccessTokenStore } from './access-token-store.ts';
import type { GrantRecord } from './grant.ts';
import type { Person } from './identity.ts';

export const ACCESS_TOKEN_PREFIX = 'plt_';
const TOKEN = /^plt_[A-Za-z0-9_-]{43}$/;
/** Tokens of one account. */
const TOKENS_MAX = 100;
/** The time of last use is written at most so often. */
const USED_MS = 5 * 60_000;
const DAY_MS = 24 * 3600_000;

/** Personal access tokens; only their hashes are kept. */
export class AccessTokens {
  readonly #store: AccessTokenStore;
  readonly #audit: Audit;
  readonly #events: EventBus;
  readonly #clock: Clock;

  constructor(parts: { store: AccessTokenStore; audit: Audit; events: EventBus; clock: Clock }) {
    this.#store = parts.store;
    this.#audit = parts.audit;
    this.#events = parts.events;
    this.#clock = parts.clock;
  }

  /** The token is given here and never again. @throws PorchlightError `conflict` when there are too many */
  async make(
    person: Person,
    wish: { name: string; days?: number | undefined; grant?: GrantRecord | undefined },
    address: string,
  ): Promise<{ record: AccessTokenRecord; token: string }> {
    if ((await this.list(person.accountId)).length >= TOKENS_MAX) {
      throw new PorchlightError(
        'conflict',
        `An account has ${TOKENS_MAX} access tokens at most; revoke one first`,
      );
    }
    const now = this.#clock.now();
    const token = newSecret(ACCESS_TOKEN_PREFIX);
    const record: AccessTokenRecord = {
      id: newId(),
      accountId: person.accountId,
      name: wish.name,
      tokenHash: hashSecret(token),
      createdAt: now,
      expiresAt: wish.days === undefined ? undefined : now + wish.days * DAY_MS,
      lastUsedAt: undefined,
      grant: wish.grant,
    };
    await this.#store.insert(record);
    this.#note(person, 'access-token.created', record.name, address);
    return { record, token };
  }

  list(accountId: string): Promise<AccessTokenRecord[]> {
    return this.#store.list(accountId);
  }

  /** @throws PorchlightError `not_found` */
  async revoke(person: Person, id: string, address: string): Promise<void> {
    const record = (await this.list(person.accountId)).find((token) => token.id === id);
    if (record === undefined || !(await this.#store.remove(person.accountId, id))) {
      throw new PorchlightError('not_found');
    }
    this.#events.publish({ type: 'access-token-revoked', accountId: person.accountId, tokenId: id });
    this.#note(person, 'access-token.revoked', record.name, address);
  }

  /** The token's record, which is noted as used; undefined when it is malformed, unknown, expired or revoked. */
  async find(token: string): Promise<AccessTokenRecord | undefined> {
    if (!TOKEN.test(token)) return undefined;
    const now = this.#clock.now();
    const record = await this.#store.byTokenHash(hashSecret(token), now);
    if (record !== undefined && now - (record.lastUsedAt ?? 0) >= USED_MS)
      await this.#store.used(record.id, now);
    return record;
  }

  #note(
    person: Person,
    action: 'access-token.created' | 'access-token.revoked',
    target: string,
    address: string,
  ): void {
    this.#audit.append({
      accountId: person.accountId,
      at: this.#clock.now(),
      actor: person.accountName,
      action,
      target,
      address,
    });
  }
}
