import { sql } from 'kysely';
import { READING_NAMES_MAX, type Reading, type ReadingSample, type ReadingStore } from '../devices/index.ts';
import type { Database } from './schema.ts';
import { inTransaction } from './transaction.ts';
import { factTable, keepable, mergedBy } from './values.ts';

export function createReadingStore(database: Database): ReadingStore {
  const { db, kind } = database;
  return {
    async record(readings, samples) {
      const last = mergedBy(readings.map(keepableName), keyOf, later);
      const sums = mergedBy(samples.map(keepableName), (sample) => `${sample.at} ${keyOf(sample)}`, add);
      const devices = [...new Set(last.map(({ deviceId }) => deviceId))].map((deviceId) => ({ deviceId }));
      if (last.length === 0 && sums.length === 0) return;
      await inTransaction(database, async (transaction) => {
        // One order for all writers, so that two relays do not lock each other out.
        if (last.length > 0) {
          await sql`
            insert into readings (device_id, name, value, at)
            select devices.id, value ->> 'name', value ->> 'value', cast(value ->> 'at' as bigint)
            from ${factTable(kind, last)} join devices on devices.id = value ->> 'deviceId'
            where true
            order by devices.id, value ->> 'name'
            on conflict (device_id, name) do update set value = excluded.value, at = excluded.at
              where readings.at <= excluded.at
          `.execute(transaction);
          await sql`
            delete from readings where (device_id, name) in (
              select device_id, name from (
                select device_id, name, row_number() over (partition by device_id order by at desc, name) as place
                from readings where device_id in (select value ->> 'deviceId' from ${factTable(kind, devices)})
              ) as placed
              where place > ${READING_NAMES_MAX}
            )
          `.execute(transaction);
        }
        if (sums.length > 0) {
          await sql`
            insert into reading_samples (device_id, name, at, sum, count)
            select readings.device_id, readings.name, cast(fact.value ->> 'at' as bigint),
              cast(fact.value ->> 'sum' as double precision), cast(fact.value ->> 'count' as bigint)
            from ${factTable(kind, sums)}
              join readings on readings.device_id = fact.value ->> 'deviceId' and readings.name = fact.value ->> 'name'
            where true
            order by readings.device_id, readings.name, cast(fact.value ->> 'at' as bigint)
            on conflict (device_id, name, at) do update set
              sum = reading_samples.sum + excluded.sum,
              count = reading_samples.count + excluded.count
          `.execute(transaction);
        }
      });
    },

    async last(deviceId) {
      return await db
        .selectFrom('readings')
        .select(['device_id as deviceId', 'name', 'value', 'at'])
        .where('device_id', '=', deviceId)
        .orderBy('name')
        .execute();
    },

    async samples(deviceId, from, to) {
      return await db
        .selectFrom('reading_samples')
        .select(['device_id as deviceId', 'name', 'at', 'sum', 'count'])
        .where('device_id', '=', deviceId)
        .where('at', '>=', from)
        .where('at', '<', to)
        .orderBy('name')
        .orderBy('at')
        .execute();
    },

    async prune(before) {
      await db.deleteFrom('reading_samples').where('at', '<', before).execute();
    },
  };
}

function keyOf({ deviceId, name }: { deviceId: string; name: string }): string {
  return `${deviceId} ${name}`;
}

function keepableName<T extends Reading | ReadingSample>(fact: T): T {
  return {
    ...fact,
    name: keepable(fact.name),
    ...('value' in fact ? { value: keepable(fact.value) } : {}),
  };
}

function later(a: Reading, b: Reading): Reading {
  return a.at > b.at ? a : b;
}

function add(a: ReadingSample, b: ReadingSample): ReadingSample {
  return { ...a, sum: a.sum + b.sum, count: a.count + b.count };
}
