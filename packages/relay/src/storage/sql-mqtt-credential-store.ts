import type { MqttCredentialRecord, MqttCredentialStore } from '../mqtt/credentials/credential-store.ts';
import type { Database, Schema } from './schema.ts';
import { keepable } from './values.ts';

/** Fewer than the parameters that a database takes in one statement. */
const IDS_AT_ONCE = 500;

export function createMqttCredentialStore({ db }: Database): MqttCredentialStore {
  return {
    async insert(record) {
      await db
        .insertInto('mqtt_credentials')
        .values({
          id: record.id,
          account_id: record.accountId,
          device_id: record.deviceId ?? null,
          kind: record.kind,
          name: keepable(record.name),
          secret_hash: record.secretHash,
          created_at: record.createdAt,
          last_used_at: record.lastUsedAt ?? null,
        })
        .execute();
    },

    async bySecretHash(secretHash) {
      const row = await db
        .selectFrom('mqtt_credentials')
        .selectAll()
        .where('secret_hash', '=', secretHash)
        .executeTakeFirst();
      return row && toRecord(row);
    },

    async ofDevice(accountId, deviceId) {
      const rows = await db
        .selectFrom('mqtt_credentials')
        .selectAll()
        .where('account_id', '=', accountId)
        .where('device_id', '=', deviceId)
        .where('kind', '=', 'device')
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(toRecord);
    },

    async appPasswords(accountId) {
      const rows = await db
        .selectFrom('mqtt_credentials')
        .selectAll()
        .where('account_id', '=', accountId)
        .where('kind', '=', 'app')
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(toRecord);
    },

    async ofAccount(accountId) {
      const rows = await db
        .selectFrom('mqtt_credentials')
        .selectAll()
        .where('account_id', '=', accountId)
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(toRecord);
    },

    async standing(ids) {
      const found = new Set<string>();
      for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
        const rows = await db
          .selectFrom('mqtt_credentials')
          .select('id')
          .where('id', 'in', ids.slice(at, at + IDS_AT_ONCE))
          .execute();
        for (const { id } of rows) found.add(id);
      }
      return found;
    },

    async used(id, at) {
      await db.updateTable('mqtt_credentials').set({ last_used_at: at }).where('id', '=', id).execute();
    },

    async remove(accountId, id) {
      const row = await db
        .deleteFrom('mqtt_credentials')
        .where('id', '=', id)
        .where('account_id', '=', accountId)
        .returningAll()
        .executeTakeFirst();
      return row && toRecord(row);
    },
  };
}

function toRecord(row: Schema['mqtt_credentials']): MqttCredentialRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    kind: row.kind,
    deviceId: row.device_id ?? undefined,
    name: row.name,
    secretHash: row.secret_hash,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
  };
}
