import { setTimeout } from 'node:timers/promises';
import type SqliteConnection from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type QueryResult,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely';
import { codeOf } from './storage-error.ts';

/** How long a statement waits while another process (a command of ours, say) writes. */
export const BUSY_TIMEOUT_MS = 5_000;
/** Longest pause between two looks whether it is done. */
const BUSY_RETRY_MAX_MS = 20;
/** Prepared statements kept for reuse. All of the stores' fixed statements fit. */
const STATEMENTS_MAX = 200;

/** Kysely's SQLite dialect, which waits for other processes without stopping the thread, and prepares once. */
export class PatientSqliteDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;

  constructor(connection: SqliteConnection.Database) {
    const config = { database: reusing(connection) };
    super(config);
    this.#config = config;
  }

  override createDriver(): SqliteDriver {
    return new PatientSqliteDriver(this.#config);
  }
}

class PatientSqliteDriver extends SqliteDriver {
  #connection: PatientConnection | undefined;

  override async acquireConnection(): Promise<DatabaseConnection> {
    return (this.#connection ??= new PatientConnection(await super.acquireConnection()));
  }

  /**
   * Every transaction of ours writes, so each takes the write lock at its start: one that began by reading could not
   * wait for another process's write, but would fail at once (SQLITE_BUSY_SNAPSHOT).
   */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/** Tries again while another process holds the write lock; only what starts a transaction can meet that. */
class PatientConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;

  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const deadline = performance.now() + BUSY_TIMEOUT_MS;
    for (let wait = 1; ; wait = Math.min(wait * 2, BUSY_RETRY_MAX_MS)) {
      try {
        return await this.#connection.executeQuery<R>(query);
      } catch (error) {
        if (codeOf(error) !== 'SQLITE_BUSY' || performance.now() > deadline) throw error;
      }
      await setTimeout(wait);
    }
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#connection.streamQuery<R>(query, chunkSize);
  }
}

/** Keeps prepared statements, because preparing one costs more than running it. */
function reusing(connection: SqliteConnection.Database): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    prepare(sql) {
      const known = statements.get(sql);
      // Put last again: what has not been used for longest is first, and goes first.
      if (known !== undefined) statements.delete(sql);
      const statement = known ?? connection.prepare(sql);
      statements.set(sql, statement);
      if (statements.size > STATEMENTS_MAX) statements.delete(statements.keys().next().value ?? '');
      return statement;
    },
    close: () => void connection.close(),
  };
}
