import { columnTypes, tableMaker } from './columns.ts';
import type { Migration } from './migration.ts';

export const programs: Migration = {
  name: 'programs: scopes of access tokens, OAuth apps and what they were granted, share links',
  async up(db, kind) {
    const { text, whole } = columnTypes(kind);
    const { table, index } = tableMaker(db, kind);

    await db.schema.alterTable('access_tokens').addColumn('granted', text).execute();
    await db.schema
      .alterTable('services')
      .addColumn('hue_remote', whole, (c) => c.notNull().defaultTo(0))
      .execute();

    await table('oauth_apps', (t) =>
      t
        .addColumn('id', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.notNull().references('accounts.id').onDelete('cascade'))
        .addColumn('name', text, (c) => c.notNull())
        .addColumn('logo', text)
        .addColumn('callbacks', text, (c) => c.notNull())
        .addColumn('confidential', whole, (c) => c.notNull())
        .addColumn('created_at', whole, (c) => c.notNull()),
    );
    await index('oauth_apps_account', 'oauth_apps', ['account_id']);
    await table('oauth_app_secrets', (t) =>
      t
        .addColumn('id', text, (c) => c.primaryKey().notNull())
        .addColumn('app_id', text, (c) => c.notNull().references('oauth_apps.id').onDelete('cascade'))
        .addColumn('secret_hash', text, (c) => c.notNull())
        .addColumn('digest_hash', text)
        .addColumn('created_at', whole, (c) => c.notNull())
        .addColumn('last_used_at', whole),
    );
    await index('oauth_app_secrets_app', 'oauth_app_secrets', ['app_id']);

    await table('oauth_records', (t) =>
      t
        .addColumn('kind', text, (c) => c.notNull())
        .addColumn('id_hash', text, (c) => c.notNull())
        .addColumn('grant_id', text)
        .addColumn('user_code_hash', text)
        .addColumn('payload', text, (c) => c.notNull())
        .addColumn('consumed_at', whole)
        .addColumn('expires_at', whole)
        .addPrimaryKeyConstraint('oauth_records_key', ['kind', 'id_hash']),
    );
    for (const by of ['grant_id', 'user_code_hash', 'expires_at']) {
      await index(`oauth_records_${by}`, 'oauth_records', [by]);
    }
    // No foreign key to apps: the relay's own programs are apps without a row.
    await table('oauth_grants', (t) =>
      t
        .addColumn('id', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.notNull().references('accounts.id').onDelete('cascade'))
        .addColumn('app_id', text, (c) => c.notNull())
        .addColumn('granted', text, (c) => c.notNull())
        .addColumn('scope', text, (c) => c.notNull())
        .addColumn('asked', text, (c) => c.notNull())
        .addColumn('created_at', whole, (c) => c.notNull())
        .addColumn('last_used_at', whole)
        .addColumn('link_button', whole, (c) => c.notNull().defaultTo(0)),
    );
    await index('oauth_grants_account', 'oauth_grants', ['account_id']);
    await index('oauth_grants_app', 'oauth_grants', ['app_id']);

    await table('share_links', (t) =>
      t
        .addColumn('id', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.notNull().references('accounts.id').onDelete('cascade'))
        .addColumn('device_id', text, (c) => c.notNull().references('devices.id').onDelete('cascade'))
        .addColumn('service', text, (c) => c.notNull())
        .addColumn('name', text, (c) => c.notNull())
        .addColumn('scope', text, (c) => c.notNull())
        .addColumn('token_hash', text, (c) => c.notNull().unique())
        .addColumn('password_hash', text)
        .addColumn('created_at', whole, (c) => c.notNull())
        .addColumn('expires_at', whole)
        .addColumn('uses_left', whole)
        .addColumn('used', whole, (c) => c.notNull().defaultTo(0))
        .addColumn('last_used_at', whole),
    );
    await index('share_links_account', 'share_links', ['account_id']);
    await index('share_links_device', 'share_links', ['device_id']);
  },
};
