import { type Kysely, sql } from 'kysely';
import type { LinkFacts, ServiceFacts } from '../devices/device-store.ts';
import type { Database, Schema } from './schema.ts';
import { inTransaction } from './transaction.ts';
import { factTable, keepable, mergedBy } from './values.ts';

/**
 * Writes what links and services have shown: two statements in one transaction, whatever the number of facts.
 * A fact that is absent leaves its column alone; an update finds no row of a device that is gone.
 */
export async function recordFacts(
  database: Database,
  links: readonly LinkFacts[],
  services: readonly ServiceFacts[],
): Promise<void> {
  const linkRows = mergedBy(links.map(keepableLink), (fact) => fact.deviceId, mergeLinks);
  const serviceRows = mergedBy(
    services.map(keepableService),
    (fact) => `${fact.deviceId} ${fact.service}`,
    (a, b) => ({ ...a, ...b }),
  );
  if (linkRows.length === 0 && serviceRows.length === 0) return;
  await inTransaction(database, async (transaction) => {
    if (linkRows.length > 0) {
      if (database.kind === 'postgres') await lockDevices(transaction, linkRows);
      await sql`
        update devices set
          last_up_at = coalesce(cast(value ->> 'lastUpAt' as bigint), last_up_at),
          last_down_at = coalesce(cast(value ->> 'lastDownAt' as bigint), last_down_at),
          last_down_reason = coalesce(value ->> 'lastDownReason', last_down_reason),
          last_address = coalesce(value ->> 'lastAddress', last_address),
          agent = coalesce(value ->> 'agent', agent),
          called_at = coalesce(cast(value ->> 'calledAt' as bigint), called_at),
          call_interval_learned = coalesce(cast(value ->> 'callIntervalLearned' as bigint), call_interval_learned),
          bytes_in = bytes_in + coalesce(cast(value ->> 'bytesIn' as bigint), 0),
          bytes_out = bytes_out + coalesce(cast(value ->> 'bytesOut' as bigint), 0)
        from ${factTable(database.kind, linkRows)}
        where devices.id = value ->> 'deviceId'
      `.execute(transaction);
    }
    if (serviceRows.length > 0) {
      if (database.kind === 'postgres') await lockServices(transaction, serviceRows);
      await sql`
        update services set
          last_success_at = coalesce(cast(value ->> 'lastSuccessAt' as bigint), last_success_at),
          last_failure_at = coalesce(cast(value ->> 'lastFailureAt' as bigint), last_failure_at),
          last_failure = coalesce(value ->> 'lastFailure', last_failure)
        from ${factTable(database.kind, serviceRows)}
        where services.device_id = value ->> 'deviceId' and services.name = value ->> 'service'
      `.execute(transaction);
    }
  });
}

/**
 * An update locks its rows in the order in which its plan comes upon them, which differs from one relay to the next: each
 * could hold what the other waits for. So they are locked in one order first. SQLite has one writer at a time.
 */
async function lockDevices(transaction: Kysely<Schema>, facts: readonly LinkFacts[]): Promise<void> {
  await sql`
    select id from devices where id in (select value ->> 'deviceId' from ${factTable('postgres', facts)})
    order by id for no key update
  `.execute(transaction);
}

async function lockServices(transaction: Kysely<Schema>, facts: readonly ServiceFacts[]): Promise<void> {
  await sql`
    select name from services
    where (device_id, name) in (
      select value ->> 'deviceId', value ->> 'service' from ${factTable('postgres', facts)}
    )
    order by device_id, name for no key update
  `.execute(transaction);
}

function mergeLinks(earlier: LinkFacts, later: LinkFacts): LinkFacts {
  return {
    ...earlier,
    ...later,
    bytesIn: (earlier.bytesIn ?? 0) + (later.bytesIn ?? 0),
    bytesOut: (earlier.bytesOut ?? 0) + (later.bytesOut ?? 0),
  };
}

function keepableLink(fact: LinkFacts): LinkFacts {
  return {
    ...fact,
    ...(fact.lastDownReason !== undefined && { lastDownReason: keepable(fact.lastDownReason) }),
    ...(fact.lastAddress !== undefined && { lastAddress: keepable(fact.lastAddress) }),
    ...(fact.agent !== undefined && { agent: keepable(fact.agent) }),
  };
}

function keepableService(fact: ServiceFacts): ServiceFacts {
  return {
    ...fact,
    service: keepable(fact.service),
    ...(fact.lastFailure !== undefined && { lastFailure: keepable(fact.lastFailure) }),
  };
}
