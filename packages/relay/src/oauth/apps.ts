import { createHash } from 'node:crypto';
import { PorchlightError } from '@porchlight/protocol';
import type { AuditAction } from '@porchlight/protocol/api';
import type { Person } from '../access/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import { hashSecret, newId, newSecret } from '../secrets.ts';
import type { AppRecord, AppSecretRecord, AppStore } from './app-store.ts';
import { BUILTIN_APPS } from './builtin-apps.ts';
import { checkCallbacks } from './check-callback.ts';
import { checkLogo } from './check-logo.ts';
import { looksLikeOwnName } from './own-name.ts';

export const APP_SECRET_PREFIX = 'pls_';
/** Realm of Digest authentication of apps (RFC 7616 §3.3). */
export const APP_DIGEST_REALM = 'porchlight';
/** Apps of one account. */
const APPS_MAX = 50;
/** Two, so that a new one can be put into use before the old one is taken away. */
const SECRETS_MAX = 2;
/** The time of last use is written at most so often. */
const USED_MS = 5 * 60_000;

/** An app, whoever made it. */
export interface App {
  readonly id: string;
  readonly name: string;
  readonly logo: string | undefined;
  readonly callbacks: readonly string[];
  readonly confidential: boolean;
  /** Account of who registered it; undefined: it is part of Porchlight. */
  readonly ownerId: string | undefined;
}

export interface AppWords {
  readonly name: string;
  readonly logo?: string | undefined;
  readonly callbacks: readonly string[];
}

/** The apps that people may let in: those that accounts registered, and the relay's own. */
export class Apps {
  readonly #store: AppStore;
  readonly #audit: Audit;
  readonly #clock: Clock;
  /** Ends all that people let the app do. */
  readonly #endGrants: (appId: string) => Promise<void>;

  constructor(parts: {
    store: AppStore;
    audit: Audit;
    clock: Clock;
    endGrants: (appId: string) => Promise<void>;
  }) {
    this.#store = parts.store;
    this.#audit = parts.audit;
    this.#clock = parts.clock;
    this.#endGrants = parts.endGrants;
  }

  async find(id: string): Promise<App | undefined> {
    const builtin = BUILTIN_APPS.get(id);
    if (builtin !== undefined) {
      return { ...builtin, logo: undefined, confidential: false, ownerId: undefined };
    }
    const record = await this.#store.byId(id);
    if (record === undefined) return undefined;
    const { name, logo, callbacks, confidential, accountId: ownerId } = record;
    return { id, name, logo, callbacks, confidential, ownerId };
  }

  list(accountId: string): Promise<AppRecord[]> {
    return this.#store.list(accountId);
  }

  /** @throws PorchlightError `not_found` */
  async own(accountId: string, id: string): Promise<AppRecord> {
    const record = await this.#store.byId(id);
    if (record?.accountId !== accountId) throw new PorchlightError('not_found', 'There is no such app');
    return record;
  }

  /** The secret, of a confidential app, is given here and never again. @throws PorchlightError `bad_request`, `conflict` */
  async register(
    person: Person,
    wish: AppWords & { readonly confidential: boolean },
    address: string,
  ): Promise<{ record: AppRecord; secret: string | undefined }> {
    if ((await this.list(person.accountId)).length >= APPS_MAX) {
      throw new PorchlightError('conflict', `An account has ${APPS_MAX} apps at most; remove one first`);
    }
    const id = newId();
    const made = wish.confidential ? this.#newSecret(id) : undefined;
    const record: AppRecord = {
      id,
      accountId: person.accountId,
      ...checked(wish),
      confidential: wish.confidential,
      createdAt: this.#clock.now(),
      secrets: made === undefined ? [] : [made.record],
    };
    await this.#store.insert(record);
    this.#note(person, 'app.created', record.name, address);
    return { record, secret: made?.secret };
  }

  /** @throws PorchlightError `bad_request`, `not_found` */
  async change(
    person: Person,
    id: string,
    change: { [K in keyof AppWords]?: AppWords[K] | null | undefined },
    address: string,
  ): Promise<AppRecord> {
    const before = await this.own(person.accountId, id);
    const after = checked({
      name: change.name ?? before.name,
      logo: change.logo === undefined ? before.logo : (change.logo ?? undefined),
      callbacks: change.callbacks ?? before.callbacks,
    });
    if (!(await this.#store.change(person.accountId, id, after))) throw new PorchlightError('not_found');
    this.#note(person, 'app.changed', after.name, address);
    return { ...before, ...after };
  }

  /** Also ends what people let it do. @throws PorchlightError `not_found` */
  async remove(person: Person, id: string, address: string): Promise<void> {
    const { name } = await this.own(person.accountId, id);
    // Before, so that the audit still has its name, and after, for whoever let it in meanwhile.
    await this.#endGrants(id);
    if (!(await this.#store.remove(person.accountId, id))) throw new PorchlightError('not_found');
    await this.#endGrants(id);
    this.#note(person, 'app.removed', name, address);
  }

  /** A second secret; the first stays good until it is removed. @throws PorchlightError `not_found`, `conflict` */
  async makeSecret(
    person: Person,
    id: string,
    address: string,
  ): Promise<{ record: AppSecretRecord; secret: string }> {
    const app = await this.own(person.accountId, id);
    if (!app.confidential) throw new PorchlightError('conflict', 'A public app has no secret');
    if (app.secrets.length >= SECRETS_MAX) {
      throw new PorchlightError(
        'conflict',
        'It has two secrets already; remove the one that is not used any more',
      );
    }
    const made = this.#newSecret(id);
    await this.#store.addSecret(id, made.record);
    this.#note(person, 'app.secret-made', app.name, address);
    return made;
  }

  /** @throws PorchlightError `not_found`, `conflict` for the last one */
  async removeSecret(person: Person, id: string, secretId: string, address: string): Promise<void> {
    const app = await this.own(person.accountId, id);
    if (!app.secrets.some((secret) => secret.id === secretId)) throw new PorchlightError('not_found');
    if (app.secrets.length === 1) {
      throw new PorchlightError('conflict', 'This is its only secret; make another one first');
    }
    if (!(await this.#store.removeSecret(id, secretId))) throw new PorchlightError('not_found');
    this.#note(person, 'app.secret-removed', app.name, address);
  }

  /** Whether it is one of the app's secrets. The hashes of 256 random bits are compared: timing tells nothing of them. */
  async isSecret(id: string, secret: string): Promise<boolean> {
    const hash = hashSecret(secret);
    const record = (await this.#store.byId(id))?.secrets.find(({ secretHash }) => secretHash === hash);
    if (record === undefined) return false;
    await this.#noteUse(record);
    return true;
  }

  /**
   * Whether an app's secret is known to whoever computed something from its Digest hash (RFC 7616 §3.4.2).
   * @param fits gets MD5, hex, of `id:realm:secret`
   */
  async isDigest(id: string, fits: (digestHash: string) => boolean): Promise<boolean> {
    const record = (await this.#store.byId(id))?.secrets.find(
      ({ digestHash }) => digestHash !== undefined && fits(digestHash),
    );
    if (record !== undefined) await this.#noteUse(record);
    return record !== undefined;
  }

  async #noteUse(record: AppSecretRecord): Promise<void> {
    const now = this.#clock.now();
    if (now - (record.lastUsedAt ?? 0) >= USED_MS) await this.#store.secretUsed(record.id, now);
  }

  #newSecret(appId: string): { record: AppSecretRecord; secret: string } {
    const secret = newSecret(APP_SECRET_PREFIX);
    const digestHash = createHash('md5').update(`${appId}:${APP_DIGEST_REALM}:${secret}`).digest('hex');
    const createdAt = this.#clock.now();
    const record = {
      id: newId(),
      secretHash: hashSecret(secret),
      digestHash,
      createdAt,
      lastUsedAt: undefined,
    };
    return { record, secret };
  }

  #note(person: Person, action: AuditAction & `app.${string}`, target: string, address: string): void {
    const { accountId, accountName: actor } = person;
    this.#audit.append({ accountId, at: this.#clock.now(), actor, action, target, address });
  }
}

/** @throws PorchlightError `bad_request` */
function checked({ name, logo, callbacks }: AppWords) {
  if (looksLikeOwnName(name)) {
    throw new PorchlightError(
      'bad_request',
      'An app of your own is not called Porchlight: people would take it for part of it',
    );
  }
  return {
    name,
    logo: logo === undefined ? undefined : checkLogo(logo),
    callbacks: checkCallbacks(callbacks),
  };
}
