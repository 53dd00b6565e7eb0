import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { Clock } from '../clock.ts';
import { hashSecret, newSecret } from '../secrets.ts';
import type { AppGrants } from './app-grants.ts';
import type { Apps } from './apps.ts';
import { clientMetadata } from './client-metadata.ts';
import type { OAuthRecord, OAuthRecordStore } from './record-store.ts';

/** Requests that wait for a person, and device codes that wait for one, of all apps together: some 40 MB at worst. */
const WAITING_MAX: ReadonlyMap<string, number> = new Map([
  ['Interaction', 5_000],
  ['DeviceCode', 2_000],
]);
/** So many more are kept of people who are signed in: strangers can fill the places of strangers only. */
const SIGNED_IN_MORE = 5_000;
/** Of one grant; older ones go first. An app that asks on and on fills nothing. */
const PER_GRANT_MAX: ReadonlyMap<string, number> = new Map([
  ['AccessToken', 50],
  ['RefreshToken', 200],
]);
/** What was used up is kept so long, so that its second use is noticed. */
const CONSUMED_MS = 7 * 24 * 3600_000;
/** A grant has no end of its own; the library wants one. */
const NO_END_S = 100 * 365 * 24 * 3600;

interface Parts {
  readonly records: OAuthRecordStore;
  readonly grants: AppGrants;
  readonly apps: Apps;
  readonly clock: Clock;
  /** Why the library ends a grant. */
  readonly endedBy: () => 'app' | 'reuse';
}

/** Where oidc-provider finds what it keeps: apps and grants in their own tables, all else as records by hash. */
export function createAdapters(parts: Parts): (kind: string) => Adapter {
  return (kind) => {
    if (kind === 'Client') return clients(parts);
    if (kind === 'Grant') return grants(parts);
    return new RecordAdapter(kind, parts);
  };
}

const NOTHING = {
  find: () => Promise.resolve(undefined),
  upsert: () => Promise.resolve(),
  consume: () => Promise.resolve(),
  destroy: () => Promise.resolve(),
  findByUid: () => Promise.resolve(undefined),
  findByUserCode: () => Promise.resolve(undefined),
  revokeByGrantId: () => Promise.resolve(),
} satisfies Adapter;

function clients({ apps }: Parts): Adapter {
  return {
    ...NOTHING,
    async find(id) {
      const app = await apps.find(id);
      return app && clientMetadata(app);
    },
  };
}

/** Grants are made by people's answers, never by the library. */
function grants({ grants: kept, endedBy }: Parts): Adapter {
  return {
    ...NOTHING,
    async find(id) {
      const record = await kept.byId(id);
      if (record === undefined) return undefined;
      const iat = Math.floor(record.createdAt / 1000);
      return {
        kind: 'Grant',
        jti: id,
        accountId: record.accountId,
        clientId: record.appId,
        openid: { scope: record.scope },
        iat,
        exp: iat + NO_END_S,
      };
    },
    destroy: (id) => kept.end(id, endedBy()),
  };
}

/**
 * Stands for an identifier that is known by its hash only, when a record was found by its user code. It is different in
 * every process and told to nobody, so no caller can name a record by the hash of its secret.
 */
const BY_HASH = newSecret('by-hash:');

class RecordAdapter implements Adapter {
  readonly #kind: string;
  readonly #parts: Parts;

  constructor(kind: string, parts: Parts) {
    this.#kind = kind;
    this.#parts = parts;
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    const { records, clock } = this.#parts;
    const { jti: _id, userCode, consumed: _consumed, ...rest } = payload;
    const now = clock.now();
    const idHash = hashOf(id);
    const places = WAITING_MAX.get(this.#kind);
    const isSignedIn = this.#kind === 'Interaction' && payload.session?.accountId !== undefined;
    const most = places === undefined ? undefined : places + (isSignedIn ? SIGNED_IN_MORE : 0);
    if (most !== undefined && (await records.count(this.#kind, now)) >= most) {
      if ((await records.find(this.#kind, idHash)) === undefined) {
        throw new errors.TemporarilyUnavailable(
          'too many requests wait for an answer; try again in a few minutes',
        );
      }
    }
    await records.put({
      kind: this.#kind,
      idHash,
      grantId: payload.grantId,
      userCodeHash: userCode === undefined ? undefined : hashSecret(userCode),
      payload: JSON.stringify(rest),
      consumedAt: undefined,
      expiresAt: expiresIn === undefined ? undefined : now + expiresIn * 1000,
    });
    const keep = PER_GRANT_MAX.get(this.#kind);
    if (keep !== undefined && payload.grantId !== undefined) {
      await records.removeOfGrant(payload.grantId, { kind: this.#kind, keep });
    }
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const record = await this.#parts.records.find(this.#kind, hashOf(id));
    return record && payloadOf(record, id);
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    const record = await this.#parts.records.byUserCode(hashSecret(userCode));
    return record && { ...payloadOf(record, BY_HASH + record.idHash), userCode };
  }

  /** Sessions are those of the console: none is kept here. */
  findByUid(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** Of two that come at the same moment with one code or refresh token, one has used it twice. */
  async consume(id: string): Promise<void> {
    const { records, grants: kept, clock } = this.#parts;
    const now = clock.now();
    if (await records.consume(this.#kind, hashOf(id), now, now + CONSUMED_MS)) return;
    const grantId = (await records.find(this.#kind, hashOf(id)))?.grantId;
    if (grantId !== undefined) await kept.end(grantId, 'reuse');
    throw new errors.InvalidGrant('it was used already');
  }

  destroy(id: string): Promise<void> {
    return this.#parts.records.remove(this.#kind, hashOf(id));
  }

  /** The library asks this of each kind in turn; the first takes all away. */
  revokeByGrantId(grantId: string): Promise<void> {
    return this.#kind === 'AccessToken' ? this.#parts.grants.endTokens(grantId) : Promise.resolve();
  }
}

function hashOf(id: string): string {
  return id.startsWith(BY_HASH) ? id.slice(BY_HASH.length) : hashSecret(id);
}

function payloadOf({ payload, consumedAt }: OAuthRecord, jti: string): AdapterPayload {
  const consumed = consumedAt === undefined ? {} : { consumed: Math.floor(consumedAt / 1000) };
  return { ...(JSON.parse(payload) as AdapterPayload), jti, ...consumed };
}
