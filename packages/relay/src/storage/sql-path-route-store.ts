import { PorchlightError, prefixSegments } from '@porchlight/protocol';
import type { Transaction } from 'kysely';
import type { PathRouteRecord, PathRouteStore } from '../publish/path-routes/path-route-store.ts';
import type { Database, Schema } from './schema.ts';
import { inTransaction } from './transaction.ts';

export function createPathRouteStore(database: Database): PathRouteStore {
  const { db } = database;
  return {
    async insert(route, segmentsMax) {
      await inTransaction(database, async (transaction) => {
        const device = await transaction
          .selectFrom('devices')
          .select('id')
          .where('id', '=', route.deviceId)
          .where('account_id', '=', route.accountId)
          .executeTakeFirst();
        if (device === undefined) throw new PorchlightError('not_found', 'There is no such device');
        await claimSegment(transaction, route, segmentsMax);
        const result = await transaction
          .insertInto('path_routes')
          .values({
            prefix: route.prefix,
            id: route.id,
            account_id: route.accountId,
            device_id: route.deviceId,
            service: route.service,
            strip: route.strip ? 1 : 0,
            created_at: route.createdAt,
          })
          .onConflict((conflict) => conflict.column('prefix').doNothing())
          .executeTakeFirst();
        if (result.numInsertedOrUpdatedRows !== 1n) {
          throw new PorchlightError('name_taken', `${route.prefix} is published already`);
        }
      });
    },

    async byPrefixes(prefixes) {
      if (prefixes.length === 0) return [];
      const rows = await db.selectFrom('path_routes').selectAll().where('prefix', 'in', prefixes).execute();
      return rows.map(toRecord);
    },

    async byId(accountId, id) {
      const row = await db
        .selectFrom('path_routes')
        .selectAll()
        .where('id', '=', id)
        .where('account_id', '=', accountId)
        .executeTakeFirst();
      return row && toRecord(row);
    },

    async ofDevices(accountId, deviceIds) {
      if (deviceIds.length === 0) return [];
      const rows = await db
        .selectFrom('path_routes')
        .selectAll()
        .where('account_id', '=', accountId)
        .where('device_id', 'in', deviceIds)
        .orderBy('prefix')
        .execute();
      return rows.map(toRecord);
    },

    async all() {
      const rows = await db.selectFrom('path_routes').selectAll().orderBy('prefix').execute();
      return rows.map(toRecord);
    },

    async count(accountId) {
      const { count } = await db
        .selectFrom('path_routes')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('account_id', '=', accountId)
        .executeTakeFirstOrThrow();
      return count;
    },

    async setStrip(accountId, id, strip) {
      const result = await db
        .updateTable('path_routes')
        .set({ strip: strip ? 1 : 0 })
        .where('id', '=', id)
        .where('account_id', '=', accountId)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },

    async remove(accountId, id) {
      const result = await db
        .deleteFrom('path_routes')
        .where('id', '=', id)
        .where('account_id', '=', accountId)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
  };
}

/** Takes the first segment for the account, unless it has it. */
async function claimSegment(
  transaction: Transaction<Schema>,
  { accountId, prefix }: PathRouteRecord,
  segmentsMax: number,
): Promise<void> {
  const segment = (prefixSegments(prefix)[0] ?? '').toLowerCase();
  await transaction
    .insertInto('path_segments')
    .values({ segment, account_id: accountId })
    .onConflict((conflict) => conflict.column('segment').doNothing())
    .execute();
  const owner = await transaction
    .selectFrom('path_segments')
    .select('account_id')
    .where('segment', '=', segment)
    .executeTakeFirst();
  if (owner?.account_id !== accountId) {
    throw new PorchlightError('name_taken', `/${segment} belongs to another account`);
  }
  const { count } = await transaction
    .selectFrom('path_segments')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .executeTakeFirstOrThrow();
  if (count > segmentsMax) {
    throw new PorchlightError(
      'conflict',
      `An account holds ${segmentsMax} first segments of paths at most, those of removed routes included`,
    );
  }
}

function toRecord(row: Schema['path_routes']): PathRouteRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    deviceId: row.device_id,
    service: row.service,
    prefix: row.prefix,
    strip: row.strip === 1,
    createdAt: row.created_at,
  };
}
