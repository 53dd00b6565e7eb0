import { columnTypes, tableMaker } from './columns.ts';
import type { Migration } from './migration.ts';

export const first: Migration = {
  name: 'accounts, devices, health, enrolment, audit, secrets',
  async up(db, kind) {
    const { text, whole, real, serial } = columnTypes(kind);

    const { table, index } = tableMaker(db, kind);

    await table('accounts', (t) =>
      t
        .addColumn('id', text, (c) => c.primaryKey().notNull())
        .addColumn('name', text, (c) => c.notNull().unique())
        .addColumn('role', text, (c) => c.notNull())
        .addColumn('password_hash', text, (c) => c.notNull())
        .addColumn('created_at', whole, (c) => c.notNull()),
    );
    await table('sessions', (t) =>
      t
        .addColumn('id', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.notNull().references('accounts.id').onDelete('cascade'))
        .addColumn('token_hash', text, (c) => c.notNull().unique())
        .addColumn('created_at', whole, (c) => c.notNull())
        .addColumn('last_seen_at', whole, (c) => c.notNull())
        .addColumn('expires_at', whole, (c) => c.notNull())
        .addColumn('address', text, (c) => c.notNull())
        .addColumn('user_agent', text, (c) => c.notNull()),
    );
    await index('sessions_account', 'sessions', ['account_id']);
    await index('sessions_expiry', 'sessions', ['expires_at']);
    await table('access_tokens', (t) =>
      t
        .addColumn('id', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.notNull().references('accounts.id').onDelete('cascade'))
        .addColumn('name', text, (c) => c.notNull())
        .addColumn('token_hash', text, (c) => c.notNull().unique())
        .addColumn('created_at', whole, (c) => c.notNull())
        .addColumn('expires_at', whole)
        .addColumn('last_used_at', whole),
    );
    await index('access_tokens_account', 'access_tokens', ['account_id']);

    await table('devices', (t) =>
      t
        .addColumn('id', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.notNull().references('accounts.id').onDelete('cascade'))
        .addColumn('name', text, (c) => c.notNull())
        .addColumn('fingerprint', text, (c) => c.notNull().unique())
        .addColumn('public_key', text, (c) => c.notNull())
        .addColumn('created_at', whole, (c) => c.notNull())
        .addColumn('last_up_at', whole)
        .addColumn('last_down_at', whole)
        .addColumn('last_down_reason', text)
        .addColumn('last_address', text)
        .addColumn('agent', text)
        .addColumn('bytes_in', whole, (c) => c.notNull().defaultTo(0))
        .addColumn('bytes_out', whole, (c) => c.notNull().defaultTo(0)),
    );
    await index('devices_account', 'devices', ['account_id', 'name']);
    await table('device_names', (t) =>
      t
        .addColumn('name', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.notNull())
        .addColumn('device_id', text, (c) => c.references('devices.id').onDelete('set null')),
    );
    await index('device_names_device', 'device_names', ['device_id']);
    await table('device_tags', (t) =>
      t
        .addColumn('device_id', text, (c) => c.notNull().references('devices.id').onDelete('cascade'))
        .addColumn('position', whole, (c) => c.notNull())
        .addColumn('tag', text, (c) => c.notNull())
        .addPrimaryKeyConstraint('device_tags_key', ['device_id', 'tag']),
    );
    await table('services', (t) =>
      t
        .addColumn('device_id', text, (c) => c.notNull().references('devices.id').onDelete('cascade'))
        .addColumn('name', text, (c) => c.notNull())
        .addColumn('kind', text, (c) => c.notNull())
        .addColumn('access', text, (c) => c.notNull())
        .addColumn('basic_user', text)
        .addColumn('basic_hash', text)
        .addColumn('last_success_at', whole)
        .addColumn('last_failure_at', whole)
        .addColumn('last_failure', text)
        .addPrimaryKeyConstraint('services_key', ['device_id', 'name']),
    );

    await table('link_events', (t) =>
      t
        .addColumn('id', serial)
        .addColumn('device_id', text, (c) => c.notNull().references('devices.id').onDelete('cascade'))
        .addColumn('at', whole, (c) => c.notNull())
        .addColumn('state', text, (c) => c.notNull()),
    );
    await index('link_events_device', 'link_events', ['device_id', 'at', 'id']);
    await table('health_samples', (t) =>
      t
        .addColumn('device_id', text, (c) => c.notNull().references('devices.id').onDelete('cascade'))
        .addColumn('at', whole, (c) => c.notNull())
        .addColumn('rtt_sum', real, (c) => c.notNull())
        .addColumn('rtt_count', whole, (c) => c.notNull())
        .addColumn('bytes_in', whole, (c) => c.notNull())
        .addColumn('bytes_out', whole, (c) => c.notNull())
        .addPrimaryKeyConstraint('health_samples_key', ['device_id', 'at']),
    );
    await index('health_samples_time', 'health_samples', ['at']);
    await table('relay_runs', (t) =>
      t
        .addColumn('started_at', whole, (c) => c.primaryKey().notNull())
        .addColumn('ended_at', whole, (c) => c.notNull()),
    );

    await table('enrolment_tokens', (t) =>
      t
        .addColumn('id', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.notNull().references('accounts.id').onDelete('cascade'))
        .addColumn('note', text, (c) => c.notNull())
        .addColumn('tags', text, (c) => c.notNull())
        .addColumn('token_hash', text, (c) => c.notNull().unique())
        .addColumn('created_at', whole, (c) => c.notNull())
        .addColumn('expires_at', whole, (c) => c.notNull())
        .addColumn('uses_left', whole, (c) => c.notNull())
        .addColumn('used', whole, (c) => c.notNull()),
    );
    await index('enrolment_tokens_account', 'enrolment_tokens', ['account_id']);

    await table('audit_entries', (t) =>
      t
        .addColumn('id', serial)
        .addColumn('account_id', text)
        .addColumn('at', whole, (c) => c.notNull())
        .addColumn('actor', text, (c) => c.notNull())
        .addColumn('action', text, (c) => c.notNull())
        .addColumn('device_id', text)
        .addColumn('target', text)
        .addColumn('address', text)
        .addColumn('detail', text, (c) => c.notNull()),
    );
    await index('audit_entries_account', 'audit_entries', ['account_id', 'id']);
    await index('audit_entries_device', 'audit_entries', ['account_id', 'device_id', 'id']);
    await index('audit_entries_time', 'audit_entries', ['at']);
    await table('secrets', (t) =>
      t.addColumn('name', text, (c) => c.primaryKey().notNull()).addColumn('value', text, (c) => c.notNull()),
    );
  },
};
