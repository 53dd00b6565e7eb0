import type { SecretStore } from '../config/secret-store.ts';
import type { Database } from './schema.ts';

export function createSecretStore({ db }: Database): SecretStore {
  return {
    async get(name) {
      const row = await db.selectFrom('secrets').select('value').where('name', '=', name).executeTakeFirst();
      return row?.value;
    },

    /** One statement, so that of two racing callers the second gets the first one's value. */
    async getOrInsert(name, value) {
      const row = await db
        .insertInto('secrets')
        .values({ name, value })
        .onConflict((conflict) =>
          conflict.column('name').doUpdateSet((set) => ({ value: set.ref('secrets.value') })),
        )
        .returning('value')
        .executeTakeFirstOrThrow();
      return row.value;
    },

    async set(name, value) {
      await db
        .insertInto('secrets')
        .values({ name, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute();
    },

    async remove(name) {
      await db.deleteFrom('secrets').where('name', '=', name).execute();
    },
  };
}
