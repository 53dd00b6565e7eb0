import type { Kysely } from 'kysely';
import type { DatabaseKind, Schema } from '../schema.ts';

/**
 * One step of the schema. Never changed once released; uses only `db.schema` and `sql`, because
 * the tables that `Schema` names are those after the last step, not those of this one.
 */
export interface Migration {
  /** What it does, for the record in the database. */
  readonly name: string;
  up(db: Kysely<Schema>, kind: DatabaseKind): Promise<void>;
}
