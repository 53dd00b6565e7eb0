import type { EnrolmentTokenRecord, EnrolmentTokenStore } from '../enrolment/enrolment-token-store.ts';
import type { Database, Schema } from './schema.ts';
import { keepable } from './values.ts';

export function createEnrolmentTokenStore({ db }: Database): EnrolmentTokenStore {
  return {
    async insert(record) {
      await db
        .insertInto('enrolment_tokens')
        .values({
          id: record.id,
          account_id: record.accountId,
          note: keepable(record.note),
          tags: JSON.stringify(record.tags.map((tag) => keepable(tag))),
          token_hash: record.tokenHash,
          created_at: record.createdAt,
          expires_at: record.expiresAt,
          uses_left: record.usesLeft,
          used: record.used,
        })
        .execute();
    },

    async list(accountId) {
      const rows = await db
        .selectFrom('enrolment_tokens')
        .selectAll()
        .where('account_id', '=', accountId)
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(toRecord);
    },

    /** One statement: PostgreSQL looks at `uses_left` again after it has waited for another's row lock. */
    async use(tokenHash, now) {
      const row = await db
        .updateTable('enrolment_tokens')
        .set((set) => ({ uses_left: set('uses_left', '-', 1), used: set('used', '+', 1) }))
        .where('token_hash', '=', tokenHash)
        .where('expires_at', '>', now)
        .where('uses_left', '>', 0)
        .returningAll()
        .executeTakeFirst();
      return row && toRecord(row);
    },

    async giveBack(id) {
      await db
        .updateTable('enrolment_tokens')
        .set((set) => ({ uses_left: set('uses_left', '+', 1), used: set('used', '-', 1) }))
        .where('id', '=', id)
        .where('used', '>', 0)
        .execute();
    },

    async remove(accountId, id) {
      const result = await db
        .deleteFrom('enrolment_tokens')
        .where('id', '=', id)
        .where('account_id', '=', accountId)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
  };
}

function toRecord(row: Schema['enrolment_tokens']): EnrolmentTokenRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    note: row.note,
    tags: JSON.parse(row.tags) as string[],
    tokenHash: row.token_hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    usesLeft: row.uses_left,
    used: row.used,
  };
}
