import type { AppRecord, AppSecretRecord, AppStore } from '../oauth/app-store.ts';
import type { Database, Schema } from './schema.ts';
import { keepable } from './values.ts';

export function createAppStore({ db }: Database): AppStore {
  async function withSecrets(rows: readonly Schema['oauth_apps'][]): Promise<AppRecord[]> {
    if (rows.length === 0) return [];
    const secrets = await db
      .selectFrom('oauth_app_secrets')
      .selectAll()
      .where(
        'app_id',
        'in',
        rows.map(({ id }) => id),
      )
      .orderBy('created_at')
      .orderBy('id')
      .execute();
    return rows.map((row) =>
      toRecord(
        row,
        secrets.filter(({ app_id }) => app_id === row.id),
      ),
    );
  }

  async function insertSecret(appId: string, secret: AppSecretRecord): Promise<void> {
    await db
      .insertInto('oauth_app_secrets')
      .values({
        id: secret.id,
        app_id: appId,
        secret_hash: secret.secretHash,
        digest_hash: secret.digestHash ?? null,
        created_at: secret.createdAt,
        last_used_at: secret.lastUsedAt ?? null,
      })
      .execute();
  }

  return {
    async insert(app) {
      await db
        .insertInto('oauth_apps')
        .values({
          id: app.id,
          account_id: app.accountId,
          name: keepable(app.name),
          logo: app.logo ?? null,
          callbacks: JSON.stringify(app.callbacks),
          confidential: app.confidential ? 1 : 0,
          created_at: app.createdAt,
        })
        .execute();
      for (const secret of app.secrets) await insertSecret(app.id, secret);
    },

    async byId(id) {
      const row = await db.selectFrom('oauth_apps').selectAll().where('id', '=', id).executeTakeFirst();
      return row && (await withSecrets([row]))[0];
    },

    async list(accountId) {
      const rows = await db
        .selectFrom('oauth_apps')
        .selectAll()
        .where('account_id', '=', accountId)
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      return withSecrets(rows);
    },

    async change(accountId, id, { name, logo, callbacks }) {
      const result = await db
        .updateTable('oauth_apps')
        .set({ name: keepable(name), logo: logo ?? null, callbacks: JSON.stringify(callbacks) })
        .where('id', '=', id)
        .where('account_id', '=', accountId)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },

    async remove(accountId, id) {
      const result = await db
        .deleteFrom('oauth_apps')
        .where('id', '=', id)
        .where('account_id', '=', accountId)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },

    addSecret: insertSecret,

    async removeSecret(appId, secretId) {
      const result = await db
        .deleteFrom('oauth_app_secrets')
        .where('id', '=', secretId)
        .where('app_id', '=', appId)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },

    async secretUsed(secretId, at) {
      await db
        .updateTable('oauth_app_secrets')
        .set({ last_used_at: at })
        .where('id', '=', secretId)
        .execute();
    },
  };
}

function toRecord(row: Schema['oauth_apps'], secrets: readonly Schema['oauth_app_secrets'][]): AppRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    logo: row.logo ?? undefined,
    callbacks: JSON.parse(row.callbacks) as string[],
    confidential: row.confidential === 1,
    createdAt: row.created_at,
    secrets: secrets.map((secret) => ({
      id: secret.id,
      secretHash: secret.secret_hash,
      digestHash: secret.digest_hash ?? undefined,
      createdAt: secret.created_at,
      lastUsedAt: secret.last_used_at ?? undefined,
    })),
  };
}
