import { sql } from 'kysely';
import type { HealthSample, HealthStore, LinkEvent } from '../devices/health-store.ts';
import type { Database, Schema } from './schema.ts';
import { inTransaction } from './transaction.ts';
import { factTable, mergedBy } from './values.ts';

export function createHealthStore(database: Database): HealthStore {
  const { db, kind } = database;
  return {
    async record(events, samples) {
      const sums = mergedBy(samples.map(toSum), (sum) => `${sum.deviceId} ${sum.at}`, addSums);
      // Ids follow the order of the batch, and with them the order of events at the same instant.
      const numbered = events.map((event, n) => ({ ...event, n }));
      await inTransaction(database, async (transaction) => {
        if (events.length > 0) {
          await sql`
            insert into link_events (device_id, at, state)
            select devices.id, cast(value ->> 'at' as bigint), value ->> 'state'
            from ${factTable(kind, numbered)} join devices on devices.id = value ->> 'deviceId'
            order by cast(value ->> 'n' as bigint)
          `.execute(transaction);
        }
        // One order for all writers, so that two relays do not lock each other out.
        if (sums.length > 0) {
          await sql`
            insert into health_samples (device_id, at, rtt_sum, rtt_count, bytes_in, bytes_out)
            select devices.id, cast(value ->> 'at' as bigint), cast(value ->> 'rttSum' as double precision),
              cast(value ->> 'rttCount' as bigint), cast(value ->> 'bytesIn' as bigint),
              cast(value ->> 'bytesOut' as bigint)
            from ${factTable(kind, sums)} join devices on devices.id = value ->> 'deviceId'
            where true
            order by devices.id, cast(value ->> 'at' as bigint)
            on conflict (device_id, at) do update set
              rtt_sum = health_samples.rtt_sum + excluded.rtt_sum,
              rtt_count = health_samples.rtt_count + excluded.rtt_count,
              bytes_in = health_samples.bytes_in + excluded.bytes_in,
              bytes_out = health_samples.bytes_out + excluded.bytes_out
          `.execute(transaction);
        }
      });
    },

    async events(deviceId, from, to) {
      const all = db
        .selectFrom('link_events')
        .select(['device_id as deviceId', 'at', 'state'])
        .where('device_id', '=', deviceId);
      const before: LinkEvent | undefined = await all
        .where('at', '<', from)
        .orderBy('at', 'desc')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst();
      const within: LinkEvent[] = await all
        .where('at', '>=', from)
        .where('at', '<', to)
        .orderBy('at')
        .orderBy('id')
        .execute();
      return before === undefined ? within : [before, ...within];
    },

    async samples(deviceId, from, to) {
      const rows = await db
        .selectFrom('health_samples')
        .selectAll()
        .where('device_id', '=', deviceId)
        .where('at', '>=', from)
        .where('at', '<', to)
        .orderBy('at')
        .execute();
      return rows.map(toSample);
    },

    async runs(from, to) {
      return await db
        .selectFrom('relay_runs')
        .select(['started_at as from', 'ended_at as to'])
        .where('started_at', '<=', to)
        .where('ended_at', '>=', from)
        .orderBy('started_at')
        .execute();
    },

    async recordRun({ from, to }) {
      await db
        .insertInto('relay_runs')
        .values({ started_at: from, ended_at: to })
        .onConflict((conflict) => conflict.column('started_at').doUpdateSet({ ended_at: to }))
        .execute();
    },

    async prune(before) {
      await db
        .deleteFrom('link_events')
        .where('at', '<', before)
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('link_events as later')
              .select('later.id')
              .whereRef('later.device_id', '=', 'link_events.device_id')
              .where('later.at', '<', before)
              .where(({ or, and, eb, ref }) =>
                or([
                  eb('later.at', '>', ref('link_events.at')),
                  and([
                    eb('later.at', '=', ref('link_events.at')),
                    eb('later.id', '>', ref('link_events.id')),
                  ]),
                ]),
              ),
          ),
        )
        .execute();
      await db.deleteFrom('health_samples').where('at', '<', before).execute();
      await db.deleteFrom('relay_runs').where('ended_at', '<', before).execute();
    },
  };
}

interface SampleSum {
  readonly deviceId: string;
  readonly at: number;
  readonly rttSum: number;
  readonly rttCount: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

function toSum({ deviceId, at, rtt, bytesIn, bytesOut }: HealthSample): SampleSum {
  return { deviceId, at, rttSum: rtt ?? 0, rttCount: rtt === undefined ? 0 : 1, bytesIn, bytesOut };
}

function addSums(a: SampleSum, b: SampleSum): SampleSum {
  return {
    ...a,
    rttSum: a.rttSum + b.rttSum,
    rttCount: a.rttCount + b.rttCount,
    bytesIn: a.bytesIn + b.bytesIn,
    bytesOut: a.bytesOut + b.bytesOut,
  };
}

function toSample(row: Schema['health_samples']): HealthSample {
  return {
    deviceId: row.device_id,
    at: row.at,
    rtt: row.rtt_count === 0 ? undefined : row.rtt_sum / row.rtt_count,
    bytesIn: row.bytes_in,
    bytesOut: row.bytes_out,
  };
}
