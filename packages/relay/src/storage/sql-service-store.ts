import { PorchlightError } from '@porchlight/protocol';
import type { Kysely, UpdateObject } from 'kysely';
import { type PassthroughRecord, SERVICE_USERS_MAX, type ServiceStore } from '../devices/index.ts';
import type { Database, Schema } from './schema.ts';
import { inTransaction } from './transaction.ts';
import { keepable } from './values.ts';

type Change = UpdateObject<Schema, 'services'>;

export function createServiceStore(database: Database): ServiceStore {
  const { db } = database;

  async function set(accountId: string, deviceId: string, service: string, change: Change) {
    return await update(db, { accountId, deviceId, service: keepable(service) }, change);
  }

  return {
    setAccess: (accountId, deviceId, service, access) => set(accountId, deviceId, service, { access }),

    setKind: (accountId, deviceId, service, kind) =>
      set(accountId, deviceId, service, kind === 'auto' ? { kind_set: 0 } : { kind, kind_set: 1 }),

    setPassthrough: (accountId, deviceId, service, on) =>
      set(accountId, deviceId, service, { passthrough: on ? 1 : 0 }),

    setKeepLastAnswers: (accountId, deviceId, service, on) =>
      set(accountId, deviceId, service, { keep_last_answers: on ? 1 : 0 }),

    setHueRemote: (accountId, deviceId, service, on) =>
      set(accountId, deviceId, service, { hue_remote: on ? 1 : 0 }),

    hueBridges: (accountId) =>
      db
        .selectFrom('services')
        .innerJoin('devices', 'devices.id', 'services.device_id')
        .select(['devices.id as deviceId', 'devices.name as deviceName', 'services.name as service'])
        .where('devices.account_id', '=', accountId)
        .where('services.hue_remote', '=', 1)
        .orderBy('devices.name')
        .orderBy('services.name')
        .execute(),

    async passthroughs(deviceId) {
      let query = db
        .selectFrom('services')
        .innerJoin('devices', 'devices.id', 'services.device_id')
        .innerJoin('device_names', 'device_names.device_id', 'devices.id')
        .select(['devices.id', 'devices.account_id', 'devices.name as device_name', 'services.name'])
        .select('device_names.name as any_name')
        .where('services.passthrough', '=', 1)
        .where('services.kind', '=', 'tcp');
      if (deviceId !== undefined) query = query.where('devices.id', '=', deviceId);
      const found = new Map<string, PassthroughRecord & { readonly names: string[] }>();
      for (const row of await query.execute()) {
        const key = `${row.id} ${row.name}`;
        const there = found.get(key);
        if (there !== undefined) there.names.push(row.any_name);
        else {
          found.set(key, {
            deviceId: row.id,
            accountId: row.account_id,
            deviceName: row.device_name,
            names: [row.any_name],
            service: row.name,
          });
        }
      }
      return [...found.values()];
    },

    async setUser(accountId, deviceId, service, user) {
      const of = { accountId, deviceId, service: keepable(service) };
      return await inTransaction(database, async (transaction) => {
        // Changes nothing: it checks the owner, and makes two callers wait for each other.
        if (!(await update(transaction, of, { name: of.service }))) return false;
        await transaction
          .insertInto('service_users')
          .values({
            device_id: deviceId,
            service: of.service,
            name: keepable(user.name),
            password_hash: user.passwordHash,
          })
          .onConflict((conflict) =>
            conflict
              .columns(['device_id', 'service', 'name'])
              .doUpdateSet({ password_hash: user.passwordHash }),
          )
          .execute();
        const users = await transaction
          .selectFrom('service_users')
          .select('name')
          .where('device_id', '=', deviceId)
          .where('service', '=', of.service)
          .execute();
        if (users.length > SERVICE_USERS_MAX) {
          throw new PorchlightError('conflict', `A service has ${SERVICE_USERS_MAX} users at most`);
        }
        return true;
      });
    },

    async removeUser(accountId, deviceId, service, name) {
      const result = await db
        .deleteFrom('service_users')
        .where('device_id', 'in', owned(db, accountId, deviceId))
        .where('service', '=', keepable(service))
        .where('name', '=', keepable(name))
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },

    async remove(accountId, deviceId, service) {
      const result = await db
        .deleteFrom('services')
        .where('device_id', 'in', owned(db, accountId, deviceId))
        .where('name', '=', keepable(service))
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
  };
}

async function update(
  db: Kysely<Schema>,
  { accountId, deviceId, service }: { accountId: string; deviceId: string; service: string },
  change: Change,
): Promise<boolean> {
  const result = await db
    .updateTable('services')
    .set(change)
    .where('device_id', 'in', owned(db, accountId, deviceId))
    .where('name', '=', service)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** The device's id if the account owns it, else nothing: for the `where` of what hangs on a device. */
function owned(db: Kysely<Schema>, accountId: string, deviceId: string) {
  return db.selectFrom('devices').select('id').where('id', '=', deviceId).where('account_id', '=', accountId);
}
