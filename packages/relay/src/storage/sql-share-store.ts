import type { ShareRecord, ShareStore } from '../shares/share-store.ts';
import type { Database, Schema } from './schema.ts';
import { keepable } from './values.ts';

export function createShareStore({ db }: Database): ShareStore {
  const living = (now: number) =>
    db
      .selectFrom('share_links')
      .selectAll()
      .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]));

  return {
    async insert(record) {
      await db
        .insertInto('share_links')
        .values({
          id: record.id,
          account_id: record.accountId,
          device_id: record.deviceId,
          service: record.service,
          name: keepable(record.name),
          scope: record.scope,
          token_hash: record.tokenHash,
          password_hash: record.passwordHash ?? null,
          created_at: record.createdAt,
          expires_at: record.expiresAt ?? null,
          uses_left: record.usesLeft ?? null,
          used: record.used,
          last_used_at: record.lastUsedAt ?? null,
        })
        .execute();
    },

    async byTokenHash(tokenHash, now) {
      const row = await living(now).where('token_hash', '=', tokenHash).executeTakeFirst();
      return row && toRecord(row);
    },

    async byId(id, now) {
      const row = await living(now).where('id', '=', id).executeTakeFirst();
      return row && toRecord(row);
    },

    /** One statement: PostgreSQL looks at `uses_left` again after it has waited for another's row lock. */
    async use(id, now) {
      const result = await db
        .updateTable('share_links')
        .set((set) => ({
          uses_left: set('uses_left', '-', 1),
          used: set('used', '+', 1),
          last_used_at: now,
        }))
        .where('id', '=', id)
        .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
        .where((where) => where.or([where('uses_left', 'is', null), where('uses_left', '>', 0)]))
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },

    async list(accountId, deviceId) {
      let query = db.selectFrom('share_links').selectAll().where('account_id', '=', accountId);
      if (deviceId !== undefined) query = query.where('device_id', '=', deviceId);
      const rows = await query.orderBy('created_at', 'desc').orderBy('id').execute();
      return rows.map(toRecord);
    },

    async remove(accountId, id) {
      const result = await db
        .deleteFrom('share_links')
        .where('id', '=', id)
        .where('account_id', '=', accountId)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
  };
}

function toRecord(row: Schema['share_links']): ShareRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    deviceId: row.device_id,
    service: row.service,
    name: row.name,
    scope: row.scope,
    tokenHash: row.token_hash,
    passwordHash: row.password_hash ?? undefined,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    usesLeft: row.uses_left ?? undefined,
    used: row.used,
    lastUsedAt: row.last_used_at ?? undefined,
  };
}
