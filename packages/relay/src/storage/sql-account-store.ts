import { PorchlightError } from '@porchlight/protocol';
import type { Selectable } from 'kysely';
import type { AccountRecord, AccountStore } from '../accounts/account-store.ts';
import type { Database, Schema } from './schema.ts';

export function createAccountStore({ db }: Database): AccountStore {
  return {
    async insert(record) {
      const result = await db
        .insertInto('accounts')
        .values({
          id: record.id,
          name: record.name,
          role: record.role,
          password_hash: record.passwordHash,
          created_at: record.createdAt,
          upstream: record.upstream === true ? 1 : 0,
        })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .executeTakeFirst();
      if (result.numInsertedOrUpdatedRows !== 1n) {
        throw new PorchlightError('name_taken', `There is an account "${record.name}" already`);
      }
    },

    async byId(id) {
      const row = await db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toRecord(row);
    },

    async byName(name) {
      const row = await db.selectFrom('accounts').selectAll().where('name', '=', name).executeTakeFirst();
      return row && toRecord(row);
    },

    async list({ afterName, limit }) {
      const rows = await db
        .selectFrom('accounts')
        .selectAll()
        .where('name', '>', afterName ?? '')
        .orderBy('name')
        .limit(limit)
        .execute();
      return rows.map(toRecord);
    },

    async update(id, { role, passwordHash, upstream }) {
      const result = await db
        .updateTable('accounts')
        .set({
          // Setting the key to itself keeps the statement whole when nothing is to change.
          id,
          ...(role !== undefined && { role }),
          ...(passwordHash !== undefined && { password_hash: passwordHash }),
          ...(upstream !== undefined && { upstream: upstream ? 1 : 0 }),
        })
        .where('id', '=', id)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },

    /** Foreign keys take the rest along; device_names has none on accounts. */
    async remove(id) {
      const result = await db.deleteFrom('accounts').where('id', '=', id).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },

    async count(filter) {
      const row = await db
        .selectFrom('accounts')
        .select((select) => select.fn.countAll<number>().as('count'))
        .where((where) => (filter === undefined ? where.lit(true) : where('role', '=', filter.role)))
        .executeTakeFirstOrThrow();
      return row.count;
    },
  };
}

function toRecord(row: Selectable<Schema['accounts']>): AccountRecord {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    passwordHash: row.password_hash,
    createdAt: row.created_at,
    ...(row.upstream === 1 && { upstream: true }),
  };
}
