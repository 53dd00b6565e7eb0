import type { OAuthRecord, OAuthRecordStore } from '../oauth/record-store.ts';
import type { Database, Schema } from './schema.ts';

export function createOAuthRecordStore({ db }: Database): OAuthRecordStore {
  return {
    async put(record) {
      const row: Schema['oauth_records'] = {
        kind: record.kind,
        id_hash: record.idHash,
        grant_id: record.grantId ?? null,
        user_code_hash: record.userCodeHash ?? null,
        payload: record.payload,
        consumed_at: record.consumedAt ?? null,
        expires_at: record.expiresAt ?? null,
      };
      const changed = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
      await db
        .insertInto('oauth_records')
        .values(row)
        .onConflict((conflict) => conflict.columns(['kind', 'id_hash']).doUpdateSet(changed))
        .execute();
    },

    async find(kind, idHash) {
      const row = await db
        .selectFrom('oauth_records')
        .selectAll()
        .where('kind', '=', kind)
        .where('id_hash', '=', idHash)
        .executeTakeFirst();
      return row && toRecord(row);
    },

    async byUserCode(userCodeHash) {
      const row = await db
        .selectFrom('oauth_records')
        .selectAll()
        .where('user_code_hash', '=', userCodeHash)
        .executeTakeFirst();
      return row && toRecord(row);
    },

    async consume(kind, idHash, at, until) {
      const result = await db
        .updateTable('oauth_records')
        .set((set) => ({
          consumed_at: at,
          expires_at: set
            .case()
            .when('expires_at', '<', until)
            .then(set.ref('expires_at'))
            .else(set.val(until))
            .end(),
        }))
        .where('kind', '=', kind)
        .where('id_hash', '=', idHash)
        .where('consumed_at', 'is', null)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },

    async remove(kind, idHash) {
      await db.deleteFrom('oauth_records').where('kind', '=', kind).where('id_hash', '=', idHash).execute();
    },

    async removeOfGrant(grantId, beyond) {
      const ofGrant = db.deleteFrom('oauth_records').where('grant_id', '=', grantId);
      if (beyond === undefined) {
        await ofGrant.execute();
        return;
      }
      const newest = db
        .selectFrom('oauth_records as newer')
        .select('newer.id_hash')
        .where('newer.grant_id', '=', grantId)
        .where('newer.kind', '=', beyond.kind)
        .orderBy('newer.expires_at', 'desc')
        .orderBy('newer.id_hash')
        .limit(beyond.keep);
      await ofGrant.where('kind', '=', beyond.kind).where('id_hash', 'not in', newest).execute();
    },

    async count(kind, now) {
      const row = await db
        .selectFrom('oauth_records')
        .select((select) => select.fn.countAll<number | string>().as('count'))
        .where('kind', '=', kind)
        .where('expires_at', '>', now)
        .executeTakeFirstOrThrow();
      return Number(row.count);
    },

    async sweep(now) {
      await db.deleteFrom('oauth_records').where('expires_at', '<=', now).execute();
      await db
        .deleteFrom('oauth_records')
        .where('grant_id', 'is not', null)
        .where('grant_id', 'not in', db.selectFrom('oauth_grants').select('id'))
        .execute();
    },
  };
}

function toRecord(row: Schema['oauth_records']): OAuthRecord {
  return {
    kind: row.kind,
    idHash: row.id_hash,
    grantId: row.grant_id ?? undefined,
    userCodeHash: row.user_code_hash ?? undefined,
    payload: row.payload,
    consumedAt: row.consumed_at ?? undefined,
    expiresAt: row.expires_at ?? undefined,
  };
}
