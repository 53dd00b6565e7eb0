import { type Kysely, sql } from 'kysely';
import { migrations } from './migrations/index.ts';
import type { DatabaseKind, Schema } from './schema.ts';
import { StorageError } from './storage-error.ts';

/** What this program knows. */
export const SCHEMA_VERSION = migrations.length;

/** Any number that is ours alone: several relays starting on one PostgreSQL take this lock in turn. */
const ADVISORY_LOCK = 7_226_013;

type Versions = {
  schema_versions: { version: number; name: string; applied_at: number };
};

/** The error for a database that a later program has written. `where` names the database, without secrets. */
export function newerSchema(where: string, version: number): StorageError {
  return new StorageError(
    `${where} has schema version ${version}, and this Porchlight knows versions up to ${SCHEMA_VERSION}: ` +
      `a newer Porchlight wrote it. Start that newer version again, or restore a backup made before the upgrade.`,
  );
}

/**
 * Brings the schema up to date, all steps in one transaction: it is afterwards either as before or complete.
 * Relays that start at the same time wait for each other.
 *
 * @throws StorageError when the schema is newer than the program
 */
export async function migrate(database: Kysely<Schema>, kind: DatabaseKind, where: string): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    if (kind === 'postgres') await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(transaction);
    await transaction.schema
      .createTable('schema_versions')
      .ifNotExists()
      .addColumn('version', 'integer', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('applied_at', 'bigint', (column) => column.notNull())
      .execute();
    const versions = transaction.withTables<Versions>();
    const row = await versions
      .selectFrom('schema_versions')
      .select((select) => select.fn.max('version').as('version'))
      .executeTakeFirst();
    const version = row?.version ?? 0;
    if (version > SCHEMA_VERSION) throw newerSchema(where, version);
    for (const [index, migration] of migrations.entries()) {
      if (index < version) continue;
      await migration.up(transaction, kind);
      await versions
        .insertInto('schema_versions')
        .values({ version: index + 1, name: migration.name, applied_at: Date.now() })
        .execute();
    }
  });
}
