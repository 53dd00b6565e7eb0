import type { Selectable } from 'kysely';
import { grantText, parseGrantText } from '../access/index.ts';
import type { AppGrantRecord, AppGrantStore } from '../oauth/app-grant-store.ts';
import type { Database, Schema } from './schema.ts';

export function createAppGrantStore({ db }: Database): AppGrantStore {
  return {
    async insert(record) {
      await db
        .insertInto('oauth_grants')
        .values({
          id: record.id,
          account_id: record.accountId,
          app_id: record.appId,
          granted: grantText(record.grant),
          scope: record.scope,
          asked: record.asked,
          link_button: record.linkButton ? 1 : 0,
          created_at: record.createdAt,
          last_used_at: record.lastUsedAt ?? null,
        })
        .execute();
    },

    async byId(id) {
      const row = await db.selectFrom('oauth_grants').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toRecord(row);
    },

    async list(accountId) {
      const rows = await db
        .selectFrom('oauth_grants')
        .selectAll()
        .where('account_id', '=', accountId)
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(toRecord);
    },

    async listOfApp(appId) {
      const rows = await db.selectFrom('oauth_grants').selectAll().where('app_id', '=', appId).execute();
      return rows.map(toRecord);
    },

    async used(id, at) {
      await db.updateTable('oauth_grants').set({ last_used_at: at }).where('id', '=', id).execute();
    },

    async remove(id) {
      const result = await db.deleteFrom('oauth_grants').where('id', '=', id).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },

    async removeIdle(before) {
      await db
        .deleteFrom('oauth_grants')
        .where('created_at', '<', before)
        .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<', before)]))
        .execute();
    },
  };
}

function toRecord(row: Selectable<Schema['oauth_grants']>): AppGrantRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    appId: row.app_id,
    grant: parseGrantText(row.granted),
    scope: row.scope,
    asked: row.asked,
    linkButton: row.link_button === 1,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
  };
}
