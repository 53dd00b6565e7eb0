import { PorchlightError } from '@porchlight/protocol';
import type { AppTokens, Person } from '../access/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events.ts';
import { hashSecret, newId } from '../secrets.ts';
import type { AppGrantRecord, AppGrantStore } from './app-grant-store.ts';
import type { OAuthRecordStore } from './record-store.ts';
import { answersToo, grantedScope, grantOfToken, grantRecordOf, type NamedGrant } from './scope-words.ts';

export const APP_TOKEN_PREFIX = 'plo_';
const APP_TOKEN = /^plo_[A-Za-z0-9_-]{43}$/;
/** Times that one account lets one app in; a further one ends the one that was not used for longest. */
const PER_APP_MAX = 50;
/** Times that one account lets apps in. */
const PER_ACCOUNT_MAX = 500;
/** The time of last use is written at most so often. */
const USED_MS = 5 * 60_000;
/** Access that nobody used for so long has ended; refresh tokens end long before. */
const IDLE_MS = 400 * 24 * 3600_000;

/** Who ends an app's access. */
export type EndedBy = 'person' | 'app' | 'reuse' | 'maker' | 'limit';

/** What people let apps do, and the tokens that stand on it. */
export class AppGrants implements AppTokens {
  readonly #store: AppGrantStore;
  readonly #records: OAuthRecordStore;
  readonly #appName: (appId: string) => Promise<string>;
  readonly #audit: Audit;
  readonly #events: EventBus;
  readonly #clock: Clock;

  constructor(parts: {
    store: AppGrantStore;
    records: OAuthRecordStore;
    /** What an app is called, for the audit. */
    appName: (appId: string) => Promise<string>;
    audit: Audit;
    events: EventBus;
    clock: Clock;
  }) {
    this.#store = parts.store;
    this.#records = parts.records;
    this.#appName = parts.appName;
    this.#audit = parts.audit;
    this.#events = parts.events;
    this.#clock = parts.clock;
  }

  /** @throws PorchlightError `conflict` when there are too many */
  async allow(
    person: Person,
    appId: string,
    grant: NamedGrant,
    { asked, address }: { readonly asked: string; readonly address: string },
  ): Promise<AppGrantRecord> {
    const all = await this.#store.list(person.accountId);
    const ofApp = all.filter((one) => one.appId === appId);
    if (ofApp.length >= PER_APP_MAX) {
      const stale = ofApp.reduce((a, b) => (lastUse(b) < lastUse(a) ? b : a));
      await this.#end(stale, 'limit');
    } else if (all.length >= PER_ACCOUNT_MAX) {
      throw new PorchlightError('conflict', 'Too many apps are connected; end the access of some first');
    }
    const record: AppGrantRecord = {
      id: newId(),
      accountId: person.accountId,
      appId,
      grant: grantRecordOf(grant),
      scope: grantedScope(grant),
      asked,
      linkButton: grant.linkButton === true,
      createdAt: this.#clock.now(),
      lastUsedAt: undefined,
    };
    await this.#store.insert(record);
    const detail = { scope: record.scope.slice(0, 300) };
    await this.#note(person.accountId, person.accountName, 'app.allowed', appId, { address, detail });
    return record;
  }

  /** For the audit: a person said no. */
  denied(person: Person, appId: string, address: string): Promise<void> {
    return this.#note(person.accountId, person.accountName, 'app.denied', appId, { address });
  }

  list(accountId: string): Promise<AppGrantRecord[]> {
    return this.#store.list(accountId);
  }

  byId(id: string): Promise<AppGrantRecord | undefined> {
    return this.#store.byId(id);
  }

  /** What the account answered last to the app, if that answers this scope text too. */
  async answered(accountId: string, appId: string, asked: string): Promise<AppGrantRecord | undefined> {
    const last = (await this.#store.list(accountId)).find((one) => one.appId === appId);
    return last !== undefined && answersToo(last.asked, asked) ? last : undefined;
  }

  /** @throws PorchlightError `not_found` */
  async revoke(person: Person, id: string, address: string): Promise<void> {
    const record = await this.#store.byId(id);
    if (record?.accountId !== person.accountId) throw new PorchlightError('not_found');
    await this.#end(record, 'person', { actor: person.accountName, address });
  }

  /** Ends one, if it is there. */
  async end(id: string, by: EndedBy): Promise<void> {
    const record = await this.#store.byId(id);
    if (record !== undefined) await this.#end(record, by);
  }

  /** Ends all that people let one app do. */
  async endOfApp(appId: string): Promise<void> {
    for (const record of await this.#store.listOfApp(appId)) await this.#end(record, 'maker');
  }

  /** Takes away the tokens, and what they have open; the app may come back for new ones. */
  async endTokens(id: string): Promise<void> {
    await this.#records.removeOfGrant(id);
    const record = await this.#store.byId(id);
    if (record !== undefined) this.#tellEnd(record);
  }

  async noteUse(record: AppGrantRecord): Promise<void> {
    const now = this.#clock.now();
    if (now - (record.lastUsedAt ?? 0) >= USED_MS) await this.#store.used(record.id, now);
  }

  /** Whose access token this is, and what for; undefined when it is malformed, unknown, expired or revoked. */
  async find(token: string): ReturnType<AppTokens['find']> {
    if (!APP_TOKEN.test(token)) return undefined;
    const found = await this.#records.find('AccessToken', hashSecret(token));
    if (found?.grantId === undefined || found.expiresAt === undefined) return undefined;
    if (found.expiresAt <= this.#clock.now()) return undefined;
    const record = await this.#store.byId(found.grantId);
    if (record === undefined) return undefined;
    await this.noteUse(record);
    const { scope } = JSON.parse(found.payload) as { scope?: string };
    return {
      accountId: record.accountId,
      grantId: record.id,
      grant: grantOfToken(record, scope ?? ''),
      expiresAt: found.expiresAt,
    };
  }

  /** Removes what has expired or was forgotten; to be called now and then. */
  async sweep(): Promise<void> {
    const now = this.#clock.now();
    await this.#store.removeIdle(now - IDLE_MS);
    await this.#records.sweep(now);
  }

  async #end(
    record: AppGrantRecord,
    by: EndedBy,
    from: { actor: string; address: string | undefined } = { actor: 'relay', address: undefined },
  ): Promise<void> {
    if (!(await this.#store.remove(record.id))) return;
    this.#tellEnd(record);
    await this.#records.removeOfGrant(record.id);
    await this.#note(record.accountId, from.actor, 'app.revoked', record.appId, {
      address: from.address,
      detail: { by },
    });
  }

  #tellEnd({ accountId, id: tokenId }: AppGrantRecord): void {
    this.#events.publish({ type: 'access-token-revoked', accountId, tokenId });
  }

  async #note(
    accountId: string,
    actor: string,
    action: 'app.allowed' | 'app.denied' | 'app.revoked',
    appId: string,
    rest: { address: string | undefined; detail?: Readonly<Record<string, string>> },
  ): Promise<void> {
    const target = await this.#appName(appId);
    this.#audit.append({ accountId, at: this.#clock.now(), actor, action, target, ...rest });
  }
}

function lastUse({ lastUsedAt, createdAt }: AppGrantRecord): number {
  return lastUsedAt ?? createdAt;
}
