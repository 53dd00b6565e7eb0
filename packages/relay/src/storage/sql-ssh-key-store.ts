import { PorchlightError } from '@porchlight/protocol';
import type { SshKeyRecord, SshKeyStore } from '../accounts/ssh-key-store.ts';
import type { Database, Schema } from './schema.ts';
import { keepable } from './values.ts';

export function createSshKeyStore({ db }: Database): SshKeyStore {
  return {
    async insert(record) {
      const result = await db
        .insertInto('ssh_keys')
        .values({
          id: record.id,
          account_id: record.accountId,
          name: keepable(record.name),
          fingerprint: record.fingerprint,
          public_key: record.publicKey,
          created_at: record.createdAt,
          last_used_at: record.lastUsedAt ?? null,
        })
        .onConflict((conflict) => conflict.column('fingerprint').doNothing())
        .executeTakeFirst();
      if (result.numInsertedOrUpdatedRows !== 1n) {
        throw new PorchlightError('conflict', 'This key is in use at this relay already');
      }
    },

    async byFingerprint(fingerprint) {
      const row = await db
        .selectFrom('ssh_keys')
        .selectAll()
        .where('fingerprint', '=', fingerprint)
        .executeTakeFirst();
      return row && toRecord(row);
    },

    async list(accountId) {
      const rows = await db
        .selectFrom('ssh_keys')
        .selectAll()
        .where('account_id', '=', accountId)
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(toRecord);
    },

    async used(id, at) {
      await db.updateTable('ssh_keys').set({ last_used_at: at }).where('id', '=', id).execute();
    },

    async remove(accountId, id) {
      const result = await db
        .deleteFrom('ssh_keys')
        .where('id', '=', id)
        .where('account_id', '=', accountId)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
  };
}

function toRecord(row: Schema['ssh_keys']): SshKeyRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    fingerprint: row.fingerprint,
    publicKey: row.public_key,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
  };
}
