import { PorchlightError } from '@porchlight/protocol';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import { hashSecret, newId, newSecret } from '../secrets.ts';
import type { EnrolmentTokenRecord, EnrolmentTokenStore } from './enrolment-token-store.ts';

const PREFIX = 'ple_';
const TOKEN = /^ple_[A-Za-z0-9_-]{43}$/;
/** Tokens of one account, used-up ones included. */
const TOKENS_MAX = 1_000;
const HOUR_MS = 3600_000;

/** Who makes or revokes a token. */
export interface TokenOwner {
  readonly accountId: string;
  readonly accountName: string;
  readonly address: string;
}

/** Tokens that let devices in without a person; only their hashes are kept. */
export class EnrolmentTokens {
  readonly #store: EnrolmentTokenStore;
  readonly #audit: Audit;
  readonly #clock: Clock;

  constructor(parts: { store: EnrolmentTokenStore; audit: Audit; clock: Clock }) {
    this.#store = parts.store;
    this.#audit = parts.audit;
    this.#clock = parts.clock;
  }

  /** The token is given here and never again. @throws PorchlightError `conflict` when there are too many */
  async make(
    owner: TokenOwner,
    wish: { note: string; tags: readonly string[]; hours: number; uses: number },
  ): Promise<{ record: EnrolmentTokenRecord; token: string }> {
    if ((await this.list(owner.accountId)).length >= TOKENS_MAX) {
      throw new PorchlightError(
        'conflict',
        `An account has ${TOKENS_MAX} enrolment tokens at most; revoke some first`,
      );
    }
    const now = this.#clock.now();
    const token = newSecret(PREFIX);
    const record: EnrolmentTokenRecord = {
      id: newId(),
      accountId: owner.accountId,
      note: wish.note,
      tags: wish.tags,
      tokenHash: hashSecret(token),
      createdAt: now,
      expiresAt: now + wish.hours * HOUR_MS,
      usesLeft: wish.uses,
      used: 0,
    };
    await this.#store.insert(record);
    this.#note(owner, 'enrolment-token.created', record, { uses: wish.uses, hours: wish.hours });
    return { record, token };
  }

  /** Newest first, with the expired and used-up ones. */
  list(accountId: string): Promise<EnrolmentTokenRecord[]> {
    return this.#store.list(accountId);
  }

  /** @throws PorchlightError `not_found` */
  async revoke(owner: TokenOwner, id: string): Promise<void> {
    const record = (await this.list(owner.accountId)).find((token) => token.id === id);
    if (record === undefined || !(await this.#store.remove(owner.accountId, id))) {
      throw new PorchlightError('not_found');
    }
    this.#note(owner, 'enrolment-token.revoked', record);
  }

  /** Takes one use; undefined when the token is malformed, unknown, expired or used up. The caller writes the audit. */
  async redeem(token: string, now: number): Promise<EnrolmentTokenRecord | undefined> {
    return TOKEN.test(token) ? this.#store.use(hashSecret(token), now) : undefined;
  }

  /** Gives a use back, when the device could not be made after all. */
  giveBack(id: string): Promise<void> {
    return this.#store.giveBack(id);
  }

  #note(
    owner: TokenOwner,
    action: 'enrolment-token.created' | 'enrolment-token.revoked',
    record: EnrolmentTokenRecord,
    detail: Record<string, number> = {},
  ): void {
    this.#audit.append({
      accountId: owner.accountId,
      at: this.#clock.now(),
      actor: owner.accountName,
      action,
      target: record.note === '' ? record.id : record.note,
      address: owner.address,
      detail,
    });
  }
}
