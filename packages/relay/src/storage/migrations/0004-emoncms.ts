import { columnTypes } from './columns.ts';
import type { Migration } from './migration.ts';

export const emoncms: Migration = {
  name: 'last answers of a service kept for when it cannot be asked; accounts with a password of elsewhere',
  async up(db, kind) {
    const { whole } = columnTypes(kind);
    await db.schema
      .alterTable('services')
      .addColumn('keep_last_answers', whole, (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema
      .alterTable('accounts')
      .addColumn('upstream', whole, (c) => c.notNull().defaultTo(0))
      .execute();
  },
};
