import { type ColumnDataType, type CreateTableBuilder, type Kysely, type RawBuilder, sql } from 'kysely';
import type { DatabaseKind, Schema } from '../schema.ts';

export type ColumnType = ColumnDataType | RawBuilder<unknown>;

/**
 * Column types. PostgreSQL compares text by bytes (`collate "C"`), as SQLite does, so that pages "in order of
 * name" are the same on both whatever locale the server has.
 */
export function columnTypes(kind: DatabaseKind): {
  text: ColumnType;
  whole: ColumnType;
  real: ColumnType;
  serial: ColumnType;
} {
  return kind === 'sqlite'
    ? { text: 'text', whole: 'integer', real: 'real', serial: sql`integer primary key autoincrement` }
    : {
        text: sql`text collate "C"`,
        whole: 'bigint',
        real: 'double precision',
        serial: sql`bigint generated always as identity primary key`,
      };
}

/** Makes tables and indexes. SQLite tables are STRICT: a value of the wrong type is an error, as on PostgreSQL. */
export function tableMaker(db: Kysely<Schema>, kind: DatabaseKind) {
  return {
    async table<C extends string>(
      name: string,
      build: (table: CreateTableBuilder<string>) => CreateTableBuilder<string, C>,
    ): Promise<void> {
      const built = build(db.schema.createTable(name));
      await (kind === 'sqlite' ? built.modifyEnd(sql`strict`) : built).execute();
    },
    async index(name: string, on: string, columns: string[]): Promise<void> {
      await db.schema.createIndex(name).on(on).columns(columns).execute();
    },
  };
}
