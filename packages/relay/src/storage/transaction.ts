import type { Transaction } from 'kysely';
import type { Database, Schema } from './schema.ts';
import { codeOf, isForeignKeyViolation } from './storage-error.ts';

/** Tries at one transaction; each new one starts only after another transaction got its way. */
const TRIES_MAX = 5;

/**
 * Runs `work` in one transaction, which an error undoes. Starts again after what only several connections of
 * PostgreSQL can meet: a deadlock (40P01), a serialisation failure (40001), and a device that went away between
 * a statement's look and its write. So `work` must have no effect but its queries.
 */
export async function inTransaction<T>(
  { db }: Database,
  work: (transaction: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (attempt === TRIES_MAX || !isPassing(error)) throw error;
    }
  }
}

function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  return code === '40P01' || code === '40001' || isForeignKeyViolation(error);
}
