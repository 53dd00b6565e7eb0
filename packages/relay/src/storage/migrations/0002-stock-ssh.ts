import { sql } from 'kysely';
import { columnTypes, tableMaker } from './columns.ts';
import type { Migration } from './migration.ts';

export const stockSsh: Migration = {
  name: "people's SSH keys, devices that call home, readings, path routes, several basic users",
  async up(db, kind) {
    const { text, whole, real } = columnTypes(kind);
    const { table, index } = tableMaker(db, kind);

    await table('ssh_keys', (t) =>
      t
        .addColumn('id', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.notNull().references('accounts.id').onDelete('cascade'))
        .addColumn('name', text, (c) => c.notNull())
        .addColumn('fingerprint', text, (c) => c.notNull().unique())
        .addColumn('public_key', text, (c) => c.notNull())
        .addColumn('created_at', whole, (c) => c.notNull())
        .addColumn('last_used_at', whole),
    );
    await index('ssh_keys_account', 'ssh_keys', ['account_id']);

    const deviceColumns = ['blocked_at', 'called_at', 'call_interval_set', 'call_interval_learned'];
    for (const column of deviceColumns) {
      await db.schema.alterTable('devices').addColumn(column, whole).execute();
    }

    await table('readings', (t) =>
      t
        .addColumn('device_id', text, (c) => c.notNull().references('devices.id').onDelete('cascade'))
        .addColumn('name', text, (c) => c.notNull())
        .addColumn('value', text, (c) => c.notNull())
        .addColumn('at', whole, (c) => c.notNull())
        .addPrimaryKeyConstraint('readings_key', ['device_id', 'name']),
    );
    await table('reading_samples', (t) =>
      t
        .addColumn('device_id', text, (c) => c.notNull())
        .addColumn('name', text, (c) => c.notNull())
        .addColumn('at', whole, (c) => c.notNull())
        .addColumn('sum', real, (c) => c.notNull())
        .addColumn('count', whole, (c) => c.notNull())
        .addPrimaryKeyConstraint('reading_samples_key', ['device_id', 'name', 'at'])
        .addForeignKeyConstraint(
          'reading_samples_reading',
          ['device_id', 'name'],
          'readings',
          ['device_id', 'name'],
          (c) => c.onDelete('cascade'),
        ),
    );
    await index('reading_samples_time', 'reading_samples', ['at']);

    for (const column of ['kind_set', 'passthrough']) {
      await db.schema
        .alterTable('services')
        .addColumn(column, whole, (c) => c.notNull().defaultTo(0))
        .execute();
    }
    await table('service_users', (t) =>
      t
        .addColumn('device_id', text, (c) => c.notNull())
        .addColumn('service', text, (c) => c.notNull())
        .addColumn('name', text, (c) => c.notNull())
        .addColumn('password_hash', text, (c) => c.notNull())
        .addPrimaryKeyConstraint('service_users_key', ['device_id', 'service', 'name'])
        .addForeignKeyConstraint(
          'service_users_service',
          ['device_id', 'service'],
          'services',
          ['device_id', 'name'],
          (c) => c.onDelete('cascade'),
        ),
    );
    await sql`
      insert into service_users (device_id, service, name, password_hash)
      select device_id, name, basic_user, basic_hash from services
      where basic_user is not null and basic_hash is not null
    `.execute(db);
    for (const column of ['basic_user', 'basic_hash']) {
      await db.schema.alterTable('services').dropColumn(column).execute();
    }

    await table('path_routes', (t) =>
      t
        .addColumn('prefix', text, (c) => c.primaryKey().notNull())
        .addColumn('id', text, (c) => c.notNull().unique())
        .addColumn('account_id', text, (c) => c.notNull().references('accounts.id').onDelete('cascade'))
        .addColumn('device_id', text, (c) => c.notNull().references('devices.id').onDelete('cascade'))
        .addColumn('service', text, (c) => c.notNull())
        .addColumn('strip', whole, (c) => c.notNull())
        .addColumn('created_at', whole, (c) => c.notNull()),
    );
    await table('path_segments', (t) =>
      t
        .addColumn('segment', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.notNull().references('accounts.id').onDelete('cascade')),
    );
    await index('path_segments_account', 'path_segments', ['account_id']);
    await index('path_routes_account', 'path_routes', ['account_id']);
    await index('path_routes_device', 'path_routes', ['device_id']);
  },
};
