import type { Kysely, Selectable } from 'kysely';
import type { DeviceRecord, ServiceRecord } from '../devices/device-store.ts';
import type { Schema } from './schema.ts';

type DeviceRow = Selectable<Schema['devices']>;

/** Device records of rows, in the order of the rows: five more queries, however many rows there are. */
export async function toDevices(db: Kysely<Schema>, rows: readonly DeviceRow[]): Promise<DeviceRecord[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const [names, tags, services, users, paths] = await Promise.all([
    db
      .selectFrom('device_names')
      .select(['device_id', 'name'])
      .where('device_id', 'in', ids)
      .orderBy('name')
      .execute(),
    db
      .selectFrom('device_tags')
      .select(['device_id', 'tag'])
      .where('device_id', 'in', ids)
      .orderBy('position')
      .execute(),
    db.selectFrom('services').selectAll().where('device_id', 'in', ids).orderBy('name').execute(),
    db.selectFrom('service_users').selectAll().where('device_id', 'in', ids).orderBy('name').execute(),
    db.selectFrom('path_routes').selectAll().where('device_id', 'in', ids).orderBy('prefix').execute(),
  ]);
  const namesOf = grouped(names);
  const tagsOf = grouped(tags);
  const servicesOf = grouped(services);
  const usersOf = grouped(users);
  const pathsOf = grouped(paths);
  return rows.map((row) => ({
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    formerNames: (namesOf.get(row.id) ?? []).map(({ name }) => name).filter((name) => name !== row.name),
    tags: (tagsOf.get(row.id) ?? []).map(({ tag }) => tag),
    fingerprint: row.fingerprint,
    publicKey: row.public_key,
    createdAt: row.created_at,
    lastUpAt: row.last_up_at ?? undefined,
    lastDownAt: row.last_down_at ?? undefined,
    lastDownReason: row.last_down_reason ?? undefined,
    lastAddress: row.last_address ?? undefined,
    agent: row.agent ?? undefined,
    blockedAt: row.blocked_at ?? undefined,
    calledAt: row.called_at ?? undefined,
    callIntervalSet: row.call_interval_set ?? undefined,
    callIntervalLearned: row.call_interval_learned ?? undefined,
    bytesIn: row.bytes_in,
    bytesOut: row.bytes_out,
    services: (servicesOf.get(row.id) ?? []).map((service) =>
      toService(service, usersOf.get(row.id) ?? [], pathsOf.get(row.id) ?? []),
    ),
  }));
}

function toService(
  row: Selectable<Schema['services']>,
  users: readonly Selectable<Schema['service_users']>[],
  paths: readonly Selectable<Schema['path_routes']>[],
): ServiceRecord {
  return {
    name: row.name,
    kind: row.kind,
    kindSet: row.kind_set === 1,
    passthrough: row.passthrough === 1,
    keepLastAnswers: row.keep_last_answers === 1,
    hueRemote: row.hue_remote === 1,
    access: row.access,
    users: users
      .filter(({ service }) => service === row.name)
      .map(({ name, password_hash: passwordHash }) => ({ name, passwordHash })),
    paths: paths
      .filter(({ service }) => service === row.name)
      .map(({ id, prefix, strip }) => ({ id, prefix, strip: strip === 1 })),
    lastSuccessAt: row.last_success_at ?? undefined,
    lastFailureAt: row.last_failure_at ?? undefined,
    lastFailure: row.last_failure ?? undefined,
  };
}

function grouped<R extends { device_id: string | null }>(rows: readonly R[]): Map<string | null, R[]> {
  const groups = new Map<string | null, R[]>();
  for (const row of rows) {
    const group = groups.get(row.device_id);
    if (group === undefined) groups.set(row.device_id, [row]);
    else group.push(row);
  }
  return groups;
}
