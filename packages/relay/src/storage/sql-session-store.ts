import type { SessionRecord, SessionStore } from '../accounts/session-store.ts';
import type { Database, Schema } from './schema.ts';
import { keepable } from './values.ts';

export function createSessionStore({ db }: Database): SessionStore {
  return {
    async insert(record) {
      await db
        .insertInto('sessions')
        .values({
          id: record.id,
          account_id: record.accountId,
          token_hash: record.tokenHash,
          created_at: record.createdAt,
          last_seen_at: record.lastSeenAt,
          expires_at: record.expiresAt,
          address: keepable(record.address),
          user_agent: keepable(record.userAgent),
        })
        .execute();
    },

    async byTokenHash(tokenHash, now) {
      const row = await db
        .selectFrom('sessions')
        .selectAll()
        .where('token_hash', '=', tokenHash)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      return row && toRecord(row);
    },

    async list(accountId, now) {
      const rows = await db
        .selectFrom('sessions')
        .selectAll()
        .where('account_id', '=', accountId)
        .where('expires_at', '>', now)
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(toRecord);
    },

    async touch(id, lastSeenAt, expiresAt) {
      await db
        .updateTable('sessions')
        .set({ last_seen_at: lastSeenAt, expires_at: expiresAt })
        .where('id', '=', id)
        .execute();
    },

    async remove(accountId, id) {
      const result = await db
        .deleteFrom('sessions')
        .where('id', '=', id)
        .where('account_id', '=', accountId)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },

    async removeOthers(accountId, exceptId) {
      const rows = await db
        .deleteFrom('sessions')
        .where('account_id', '=', accountId)
        .where('id', '!=', exceptId ?? '')
        .returning('id')
        .execute();
      return rows.map((row) => row.id);
    },

    async removeExpired(now) {
      await db.deleteFrom('sessions').where('expires_at', '<=', now).execute();
    },
  };
}

function toRecord(row: Schema['sessions']): SessionRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    tokenHash: row.token_hash,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    address: row.address,
    userAgent: row.user_agent,
  };
}
