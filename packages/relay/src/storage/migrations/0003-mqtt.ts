import { type ColumnDataType, type RawBuilder, sql } from 'kysely';
import { columnTypes, tableMaker } from './columns.ts';
import type { Migration } from './migration.ts';

export const mqtt: Migration = {
  name: 'MQTT: credentials, kept sessions, queues, retained messages, wills',
  async up(db, kind) {
    const { text, whole, serial } = columnTypes(kind);
    const bytes: ColumnDataType | RawBuilder<unknown> = kind === 'sqlite' ? sql`blob` : 'bytea';
    const { table, index } = tableMaker(db, kind);

    await table('mqtt_credentials', (t) =>
      t
        .addColumn('id', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.notNull().references('accounts.id').onDelete('cascade'))
        .addColumn('device_id', text, (c) => c.references('devices.id').onDelete('cascade'))
        .addColumn('kind', text, (c) => c.notNull())
        .addColumn('name', text, (c) => c.notNull())
        .addColumn('secret_hash', text, (c) => c.notNull().unique())
        .addColumn('created_at', whole, (c) => c.notNull())
        .addColumn('last_used_at', whole),
    );
    await index('mqtt_credentials_account', 'mqtt_credentials', ['account_id']);
    await index('mqtt_credentials_device', 'mqtt_credentials', ['device_id']);

    await table('mqtt_sessions', (t) =>
      t
        .addColumn('client_id', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.references('accounts.id').onDelete('cascade'))
        .addColumn('device_id', text, (c) => c.references('devices.id').onDelete('cascade'))
        .addColumn('credential_id', text, (c) => c.references('mqtt_credentials.id').onDelete('cascade'))
        .addColumn('seen_at', whole, (c) => c.notNull()),
    );
    for (const owner of ['account_id', 'device_id', 'credential_id']) {
      await index(`mqtt_sessions_${owner}`, 'mqtt_sessions', [owner]);
    }
    await table('mqtt_subscriptions', (t) =>
      t
        .addColumn('client_id', text, (c) =>
          c.notNull().references('mqtt_sessions.client_id').onDelete('cascade'),
        )
        .addColumn('topic', text, (c) => c.notNull())
        .addColumn('qos', whole, (c) => c.notNull())
        .addColumn('options', text, (c) => c.notNull())
        .addPrimaryKeyConstraint('mqtt_subscriptions_key', ['client_id', 'topic']),
    );
    await table('mqtt_queued', (t) =>
      t
        .addColumn('place', serial)
        .addColumn('client_id', text, (c) =>
          c.notNull().references('mqtt_sessions.client_id').onDelete('cascade'),
        )
        .addColumn('broker_id', text, (c) => c.notNull())
        .addColumn('broker_counter', whole, (c) => c.notNull())
        .addColumn('message_id', whole)
        .addColumn('received', whole, (c) => c.notNull().defaultTo(0))
        .addColumn('topic', text, (c) => c.notNull())
        .addColumn('payload', bytes, (c) => c.notNull())
        .addColumn('qos', whole, (c) => c.notNull())
        .addColumn('retain', whole, (c) => c.notNull()),
    );
    await index('mqtt_queued_place', 'mqtt_queued', ['client_id', 'place']);
    await index('mqtt_queued_message', 'mqtt_queued', ['client_id', 'message_id']);
    await index('mqtt_queued_counter', 'mqtt_queued', ['client_id', 'broker_id', 'broker_counter']);
    await table('mqtt_incoming', (t) =>
      t
        .addColumn('client_id', text, (c) =>
          c.notNull().references('mqtt_sessions.client_id').onDelete('cascade'),
        )
        .addColumn('message_id', whole, (c) => c.notNull())
        .addPrimaryKeyConstraint('mqtt_incoming_key', ['client_id', 'message_id']),
    );

    await table('mqtt_retained', (t) =>
      t
        .addColumn('topic', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.references('accounts.id').onDelete('cascade'))
        .addColumn('device_id', text, (c) => c.references('devices.id').onDelete('cascade'))
        .addColumn('payload', bytes, (c) => c.notNull())
        .addColumn('qos', whole, (c) => c.notNull())
        .addColumn('at', whole, (c) => c.notNull()),
    );
    await index('mqtt_retained_account', 'mqtt_retained', ['account_id']);
    await index('mqtt_retained_device', 'mqtt_retained', ['device_id']);
    await table('mqtt_wills', (t) =>
      t
        .addColumn('client_id', text, (c) => c.primaryKey().notNull())
        .addColumn('account_id', text, (c) => c.references('accounts.id').onDelete('cascade'))
        .addColumn('device_id', text, (c) => c.references('devices.id').onDelete('cascade'))
        .addColumn('broker_id', text, (c) => c.notNull())
        .addColumn('topic', text, (c) => c.notNull())
        .addColumn('payload', bytes, (c) => c.notNull())
        .addColumn('qos', whole, (c) => c.notNull())
        .addColumn('retain', whole, (c) => c.notNull()),
    );
  },
};
