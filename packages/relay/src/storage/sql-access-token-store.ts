import type { AccessTokenRecord, AccessTokenStore } from '../access/access-token-store.ts';
import { grantText, parseGrantText } from '../access/index.ts';
import type { Database, Schema } from './schema.ts';
import { keepable } from './values.ts';

export function createAccessTokenStore({ db }: Database): AccessTokenStore {
  return {
    async insert(record) {
      await db
        .insertInto('access_tokens')
        .values({
          id: record.id,
          account_id: record.accountId,
          name: keepable(record.name),
          token_hash: record.tokenHash,
          created_at: record.createdAt,
          expires_at: record.expiresAt ?? null,
          last_used_at: record.lastUsedAt ?? null,
          granted: record.grant === undefined ? null : grantText(record.grant),
        })
        .execute();
    },

    async byTokenHash(tokenHash, now) {
      const row = await db
        .selectFrom('access_tokens')
        .selectAll()
        .where('token_hash', '=', tokenHash)
        .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
        .executeTakeFirst();
      return row && toRecord(row);
    },

    async list(accountId) {
      const rows = await db
        .selectFrom('access_tokens')
        .selectAll()
        .where('account_id', '=', accountId)
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(toRecord);
    },

    async used(id, at) {
      await db.updateTable('access_tokens').set({ last_used_at: at }).where('id', '=', id).execute();
    },

    async remove(accountId, id) {
      const result = await db
        .deleteFrom('access_tokens')
        .where('id', '=', id)
        .where('account_id', '=', accountId)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
  };
}

function toRecord(row: Schema['access_tokens']): AccessTokenRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    tokenHash: row.token_hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
    grant: row.granted === null ? undefined : parseGrantText(row.granted),
  };
}
