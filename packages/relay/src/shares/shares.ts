import { PorchlightError } from '@porchlight/protocol';
import type { Person, ShareVisitor } from '../access/index.ts';
import type { Passwords } from '../accounts/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events.ts';
import { hashSecret, newId, newSecret } from '../secrets.ts';
import { addressKey, TokenBuckets } from '../token-buckets.ts';
import type { ShareRecord, ShareStore } from './share-store.ts';

const CODE_PREFIX = 'plh_';
const CODE = /^plh_[A-Za-z0-9_-]{43}$/;
/** Share links of one account, ended ones included. */
const SHARES_MAX = 500;
const HOUR_MS = 3600_000;
/** Codes and passwords tried from one address: people mistype, and argon2 costs. */
const TRIES = { capacity: 10, refillMs: 30_000 };

/** Passwords tried for one link, from anywhere: who found it may have many addresses. */
const LINK_TRIES = { capacity: 30, refillMs: 60_000 };

/** What a share link is wished to be. */
export interface ShareWish {
  readonly name: string;
  readonly scope: 'read' | 'write';
  readonly hours?: number | undefined;
  readonly uses?: number | undefined;
  readonly password?: string | undefined;
}

/** What a link leads to. */
export interface Shared {
  readonly device: { readonly id: string; readonly name: string };
  readonly service: string;
}

/** Links by which a stranger opens one service of one device. Only hashes of codes and passwords are kept. */
export class Shares {
  readonly #parts: {
    readonly store: ShareStore;
    readonly passwords: Passwords;
    readonly audit: Audit;
    readonly events: EventBus;
    readonly clock: Clock;
  };
  readonly #tries: TokenBuckets;
  readonly #linkTries: TokenBuckets;

  constructor(parts: {
    store: ShareStore;
    passwords: Passwords;
    audit: Audit;
    events: EventBus;
    clock: Clock;
  }) {
    this.#parts = parts;
    this.#tries = new TokenBuckets(TRIES, parts.clock);
    this.#linkTries = new TokenBuckets(LINK_TRIES, parts.clock);
  }

  /** The code is given here and never again. @throws PorchlightError `conflict` when there are too many */
  async make(
    by: { person: Person; address: string },
    { device, service }: Shared,
    wish: ShareWish,
  ): Promise<{ record: ShareRecord; code: string }> {
    const { store, clock, passwords } = this.#parts;
    const { accountId } = by.person;
    if ((await store.list(accountId)).length >= SHARES_MAX) {
      const message = `An account has ${SHARES_MAX} share links at most; revoke some first`;
      throw new PorchlightError('conflict', message);
    }
    const now = clock.now();
    const code = newSecret(CODE_PREFIX);
    const record: ShareRecord = {
      id: newId(),
      accountId,
      deviceId: device.id,
      service,
      name: wish.name,
      scope: wish.scope,
      tokenHash: hashSecret(code),
      passwordHash: wish.password === undefined ? undefined : await passwords.hash(wish.password),
      createdAt: now,
      expiresAt: wish.hours === undefined ? undefined : now + wish.hours * HOUR_MS,
      usesLeft: wish.uses,
      used: 0,
      lastUsedAt: undefined,
    };
    await store.insert(record);
    this.#note('share.created', record, by.person.accountName, by.address, {
      device: device.name,
      service,
      scope: wish.scope,
    });
    return { record, code };
  }

  list(accountId: string, deviceId?: string): Promise<ShareRecord[]> {
    return this.#parts.store.list(accountId, deviceId);
  }

  /** Whoever came in by it is out at once. @throws PorchlightError `not_found` */
  async revoke(by: { person: Person; address: string }, id: string): Promise<void> {
    const { accountId, accountName } = by.person;
    const record = (await this.list(accountId)).find((one) => one.id === id);
    if (record === undefined || !(await this.#parts.store.remove(accountId, id))) {
      throw new PorchlightError('not_found', 'There is no such share link');
    }
    this.#parts.events.publish({ type: 'share-ended', accountId, shareId: id });
    this.#note('share.revoked', record, accountName, by.address, {});
  }

  /** Revokes what leads to a service that is being removed. */
  async revokeOf(by: { person: Person; address: string }, deviceId: string, service: string): Promise<void> {
    for (const share of await this.list(by.person.accountId, deviceId)) {
      if (share.service === service) await this.revoke(by, share.id);
    }
  }

  /**
   * Opens a link once, at the service where it was shown. Whether the code is wrong, expired, used up or for another
   * service looks alike. @throws PorchlightError `not_found`, `wrong_credentials` (it asks for another password),
   * `not_signed_in` (it asks for a password), `too_many_requests`, `busy`
   */
  async open(
    given: { code: string; password: string | undefined; address: string },
    at: { deviceId: string; service: string },
  ): Promise<ShareRecord> {
    const { store, clock, passwords } = this.#parts;
    const key = addressKey(given.address);
    take(this.#tries, key);
    const gone = new PorchlightError('not_found', 'This link is wrong, has ended, or was used up');
    if (!CODE.test(given.code)) throw gone;
    const record = await store.byTokenHash(hashSecret(given.code), clock.now());
    if (record === undefined || record.deviceId !== at.deviceId || record.service !== at.service) throw gone;
    if (record.usesLeft === 0) throw gone;
    if (record.passwordHash !== undefined) {
      if (given.password === undefined) {
        this.#tries.giveBack(key);
        throw new PorchlightError('not_signed_in', 'This link asks for a password');
      }
      take(this.#linkTries, record.id);
      if (!(await passwords.verify(record.passwordHash, given.password))) {
        throw new PorchlightError('wrong_credentials', 'The password is wrong');
      }
      this.#linkTries.giveBack(record.id);
    }
    if (!(await store.use(record.id, clock.now()))) throw gone;
    this.#tries.giveBack(key);
    this.#note('share.opened', record, 'visitor', given.address, { service: record.service });
    return record;
  }

  /** Who came in by that link; undefined: it has ended. */
  async visitor(id: string): Promise<ShareVisitor | undefined> {
    const record = await this.#parts.store.byId(id, this.#parts.clock.now());
    if (record === undefined) return undefined;
    const { accountId, deviceId, service, scope, name, expiresAt } = record;
    return { kind: 'share', shareId: id, accountId, deviceId, service, scope, name, expiresAt };
  }

  #note(
    action: 'share.created' | 'share.opened' | 'share.revoked',
    record: ShareRecord,
    actor: string,
    address: string,
    detail: Record<string, string>,
  ): void {
    const { audit, clock } = this.#parts;
    const { accountId, deviceId, name: target } = record;
    audit.append({ accountId, at: clock.now(), actor, action, deviceId, target, address, detail });
  }
}

/** @throws PorchlightError `too_many_requests` */
function take(tries: TokenBuckets, key: string): void {
  const wait = tries.take(key);
  if (wait === 0) return;
  throw new PorchlightError('too_many_requests', 'Too many wrong codes or passwords; wait a little', {
    detail: { retryAfter: Math.ceil(wait / 1000) },
  });
}
