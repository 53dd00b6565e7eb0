import { columnTypes } from './columns.ts';
import type { Migration } from './migration.ts';

export const lastAnswers: Migration = {
  name: 'whether the last answers of a service are kept for when it cannot be asked',
  async up(db, kind) {
    const { whole } = columnTypes(kind);
    await db.schema
      .alterTable('services')
      .addColumn('keep_last_answers', whole, (c) => c.notNull().defaultTo(0))
      .execute();
  },
};
