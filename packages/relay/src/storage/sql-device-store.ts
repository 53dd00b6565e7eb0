import { PorchlightError } from '@porchlight/protocol';
import { type Kysely, type SqlBool, sql } from 'kysely';
import type { DeviceRecord, DeviceStore } from '../devices/device-store.ts';
import { recordFacts } from './device-facts.ts';
import { toDevices } from './device-rows.ts';
import { addServices } from './device-services.ts';
import type { Database, Schema } from './schema.ts';
import { inTransaction } from './transaction.ts';
import { keepable } from './values.ts';

/** What belongs to devices is read for so many at once: a statement has room for some ten thousand values. */
const ROWS_AT_ONCE = 1_000;

/** Identifiers in one query: databases bound the number of parameters. */
const IDS_AT_ONCE = 500;

export function createDeviceStore(database: Database): DeviceStore {
  const { db } = database;

  async function first(query: { execute(): Promise<Parameters<typeof toDevices>[1]> }) {
    const [device] = await toDevices(db, await query.execute());
    return device;
  }

  return {
    async insert(device) {
      await inTransaction(database, async (transaction) => {
        const result = await transaction
          .insertInto('devices')
          .values({
            id: device.id,
            account_id: device.accountId,
            name: device.name,
            fingerprint: device.fingerprint,
            public_key: device.publicKey,
            created_at: device.createdAt,
          })
          .onConflict((conflict) => conflict.column('fingerprint').doNothing())
          .executeTakeFirst();
        if (result.numInsertedOrUpdatedRows !== 1n) {
          throw new PorchlightError(
            'conflict',
            `A device with the key ${device.fingerprint} is there already`,
          );
        }
        await claimName(transaction, device, device.name);
        await writeTags(transaction, device.id, device.tags);
      });
    },

    byFingerprint: (fingerprint) =>
      first(db.selectFrom('devices').selectAll().where('fingerprint', '=', fingerprint)),

    byName: (name) =>
      first(
        db
          .selectFrom('device_names')
          .innerJoin('devices', 'devices.id', 'device_names.device_id')
          .selectAll('devices')
          .where('device_names.name', '=', name),
      ),

    byId: (accountId, id) =>
      first(db.selectFrom('devices').selectAll().where('id', '=', id).where('account_id', '=', accountId)),

    async list(accountId, { afterName, limit, search, tag, ids }) {
      if (ids?.length === 0) return [];
      let query = db
        .selectFrom('devices')
        .selectAll()
        .where('account_id', '=', accountId)
        .where('name', '>', afterName ?? '');
      if (search !== undefined) {
        const pattern = `%${keepable(search)
          .toLowerCase()
          .replaceAll(/[\\%_]/g, '\\$&')}%`;
        query = query.where(({ or, exists, selectFrom }) =>
          or([
            contains('devices.name', pattern),
            exists(
              selectFrom('device_tags')
                .select('tag')
                .whereRef('device_id', '=', 'devices.id')
                .where(contains('device_tags.tag', pattern)),
            ),
          ]),
        );
      }
      if (ids !== undefined) query = query.where('id', 'in', ids);
      if (tag !== undefined) {
        query = query.where(({ exists, selectFrom }) =>
          exists(
            selectFrom('device_tags')
              .select('tag')
              .whereRef('device_id', '=', 'devices.id')
              .where('tag', '=', keepable(tag)),
          ),
        );
      }
      return await toDevices(db, await query.orderBy('name').limit(limit).execute());
    },

    async standing(ids) {
      const standing = new Map<string, 'in' | 'blocked'>();
      for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
        const rows = await db
          .selectFrom('devices')
          .select(['id', 'blocked_at'])
          .where('id', 'in', ids.slice(from, from + IDS_AT_ONCE))
          .execute();
        for (const row of rows) standing.set(row.id, row.blocked_at === null ? 'in' : 'blocked');
      }
      return standing;
    },

    async count(accountId) {
      const row = await db
        .selectFrom('devices')
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('account_id', '=', accountId)
        .executeTakeFirstOrThrow();
      return row.count;
    },

    async calledSince(at) {
      const rows = await db.selectFrom('devices').selectAll().where('called_at', '>=', at).execute();
      const devices = [];
      for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
        devices.push(...(await toDevices(db, rows.slice(from, from + ROWS_AT_ONCE))));
      }
      return devices;
    },

    async rename(accountId, id, name) {
      return await inTransaction(database, async (transaction) => {
        const result = await transaction
          .updateTable('devices')
          .set({ name })
          .where('id', '=', id)
          .where('account_id', '=', accountId)
          .executeTakeFirst();
        if (result.numUpdatedRows === 0n) return false;
        await claimName(transaction, { id, accountId }, name);
        return true;
      });
    },

    async setTags(accountId, id, tags) {
      return await inTransaction(database, async (transaction) => {
        // Changes nothing: it checks the owner, and makes two callers wait for each other.
        const result = await transaction
          .updateTable('devices')
          .set({ id })
          .where('id', '=', id)
          .where('account_id', '=', accountId)
          .executeTakeFirst();
        if (result.numUpdatedRows === 0n) return false;
        await transaction.deleteFrom('device_tags').where('device_id', '=', id).execute();
        await writeTags(transaction, id, tags);
        return true;
      });
    },

    async change(accountId, id, { blockedAt, callIntervalSet }) {
      // The id changes nothing: it makes a statement of a change without words.
      const result = await db
        .updateTable('devices')
        .set({
          id,
          ...(blockedAt !== undefined && { blocked_at: blockedAt }),
          ...(callIntervalSet !== undefined && { call_interval_set: callIntervalSet }),
        })
        .where('id', '=', id)
        .where('account_id', '=', accountId)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },

    async remove(accountId, id) {
      // In a transaction that starts again: what goes with the device may be written at the same time, in another order.
      return await inTransaction(database, async (transaction) => {
        const result = await transaction
          .deleteFrom('devices')
          .where('id', '=', id)
          .where('account_id', '=', accountId)
          .executeTakeFirst();
        return result.numDeletedRows > 0n;
      });
    },

    addServices: (deviceId, services) => addServices(database, deviceId, services),

    record: (links, services) => recordFacts(database, links, services),
  };
}

function contains(column: 'devices.name' | 'device_tags.tag', pattern: string) {
  return sql<SqlBool>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`;
}

/**
 * Gives the name to the device: one that is free, that the same account had for a device now gone, or that this
 * device had before. One statement, so that of two racing callers the second finds the first one's claim.
 */
async function claimName(
  transaction: Kysely<Schema>,
  device: Pick<DeviceRecord, 'id' | 'accountId'>,
  name: string,
): Promise<void> {
  const result = await transaction
    .insertInto('device_names')
    .values({ name, account_id: device.accountId, device_id: device.id })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ device_id: device.id })
        .where('device_names.account_id', '=', device.accountId)
        .where(({ or, eb }) =>
          or([eb('device_names.device_id', 'is', null), eb('device_names.device_id', '=', device.id)]),
        ),
    )
    .executeTakeFirst();
  if (result.numInsertedOrUpdatedRows !== 1n) {
    throw new PorchlightError('name_taken', `The name "${name}" is taken`);
  }
}

async function writeTags(db: Kysely<Schema>, deviceId: string, tags: readonly string[]): Promise<void> {
  const rows = [...new Set(tags)].map((tag, position) => ({
    device_id: deviceId,
    position,
    tag: keepable(tag),
  }));
  if (rows.length > 0) await db.insertInto('device_tags').values(rows).execute();
}
