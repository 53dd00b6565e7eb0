import type { ServiceKind } from '@porchlight/protocol';
import { sql } from 'kysely';
import type { Database } from './schema.ts';
import { inTransaction } from './transaction.ts';
import { factTable, mergedBy } from './values.ts';

/**
 * Services remembered for one device. A device that keeps announcing new names pushes out its old ones; never
 * those now announced, and never one for which a person has set something.
 */
const SERVICES_KEPT_MAX = 256;

/** Adds what is not yet known in mode `login`, and updates the kind of the rest. */
export async function addServices(
  database: Database,
  deviceId: string,
  services: readonly { name: string; kind: ServiceKind }[],
): Promise<void> {
  if (services.length === 0) return;
  const announced = mergedBy(
    services,
    ({ name }) => name,
    (_, later) => later,
  ).sort((a, b) => (a.name < b.name ? -1 : 1));
  await inTransaction(database, async (transaction) => {
    await sql`
      insert into services (device_id, name, kind, access)
      select devices.id, value ->> 'name', value ->> 'kind', 'login'
      from ${factTable(database.kind, announced)} join devices on devices.id = ${deviceId}
      where true
      on conflict (device_id, name) do update set kind = excluded.kind where services.kind_set = 0
    `.execute(transaction);
    const known = await transaction
      .selectFrom('services')
      .select([
        'name',
        'access',
        'kind_set',
        'passthrough',
        'keep_last_answers',
        'hue_remote',
        'last_success_at',
      ])
      .where('device_id', '=', deviceId)
      .execute();
    if (known.length <= SERVICES_KEPT_MAX) return;
    const names = new Set(announced.map(({ name }) => name));
    const surplus = known
      .filter((one) => !names.has(one.name) && one.access === 'login')
      .filter((one) => !one.kind_set && !one.passthrough && !one.keep_last_answers && !one.hue_remote)
      .sort((a, b) => (a.last_success_at ?? 0) - (b.last_success_at ?? 0))
      .slice(0, known.length - SERVICES_KEPT_MAX)
      .map(({ name }) => name);
    if (surplus.length === 0) return;
    await transaction
      .deleteFrom('services')
      .where('device_id', '=', deviceId)
      .where('name', 'in', surplus)
      .execute();
  });
}
