import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import SqliteConnection from 'better-sqlite3';
import { newerSchema, SCHEMA_VERSION } from './migrate.ts';
import { APPLICATION_ID, explainSqlite } from './sqlite.ts';
import { BUSY_TIMEOUT_MS } from './sqlite-dialect.ts';
import { codeOf, StorageError } from './storage-error.ts';

/**
 * Copies a relay's SQLite database to `target` while the relay runs: one consistent moment, without its free pages.
 * The copy has mode 0600 and is on disk when this returns; there is never a half-written `target`. Blocks its
 * thread, so it belongs into a command of its own, not into the relay's process.
 *
 * @throws StorageError; also when `target` is there already
 */
export function backupSqlite(file: string, target: string): void {
  if (existsSync(target)) throw occupied(target);
  writeWhole(target, (temporary) => {
    copyDatabase(file, temporary);
    try {
      // A link, unlike a rename, does not replace what somebody else has put there meanwhile.
      linkSync(temporary, target);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw occupied(target);
      throw error;
    }
  });
}

/**
 * Puts a backup in the place of a relay's database, after checking that it is whole, ours, and of a schema that this
 * program knows. The relay must be stopped. `file` is afterwards either as before or the backup.
 *
 * @throws StorageError; also when `file` is there already and not `force`, and always when a relay has it open
 */
export function restoreSqlite(source: string, file: string, { force = false } = {}): void {
  if (resolve(source) === resolve(file)) {
    throw new StorageError(`${file} is the backup itself: name the relay's database as the target.`);
  }
  if (existsSync(file) && !force) {
    throw new StorageError(`${file} is there already: move it away, or say --force to replace it.`);
  }
  writeWhole(file, (temporary) => {
    copyDatabase(source, temporary);
    replaceUnused(file, temporary);
  });
}

/** What to say when someone asks for a backup of a database that is not a file. */
export function refuseForPostgres(): StorageError {
  return new StorageError(
    'The records are in PostgreSQL, and only its own tools can copy it: use pg_dump to back up and pg_restore to put back.',
  );
}

function occupied(target: string): StorageError {
  return new StorageError(`${target} is there already: name a file that is not there yet.`);
}

/** Copies `file` into the empty file `copy`, both checked. */
function copyDatabase(file: string, copy: string): void {
  if (!existsSync(file)) throw new StorageError(`${file} is not there: check the name.`);
  let source: SqliteConnection.Database | undefined;
  try {
    source = new SqliteConnection(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    check(source, file);
    source.prepare('vacuum into ?').run(copy);
    flush(copy);
  } catch (error) {
    throw explainSqlite(error, file) ?? error;
  } finally {
    source?.close();
  }
}

function check(database: SqliteConnection.Database, file: string): void {
  if (database.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new StorageError(`${file} is not a database of a Porchlight relay: check the name.`);
  }
  if (database.pragma('integrity_check', { simple: true }) !== 'ok') {
    throw new StorageError(`${file} is damaged: use an earlier backup.`);
  }
  const version = database.prepare('select max(version) from schema_versions').pluck().get();
  if (typeof version !== 'number') {
    throw new StorageError(`${file} is an empty database: use another backup.`);
  }
  if (version > SCHEMA_VERSION) throw newerSchema(`The database ${file}`, version);
}

/** Puts `replacement` in the place of `file`, which no other process may have open. */
function replaceUnused(file: string, replacement: string): void {
  let present: SqliteConnection.Database | undefined;
  try {
    if (existsSync(file)) {
      present = new SqliteConnection(file, { timeout: 0 });
      holdAlone(present);
    }
    for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
    renameSync(replacement, file);
  } catch (error) {
    if (codeOf(error)?.startsWith('SQLITE_BUSY') === true) {
      throw new StorageError(`${file} is in use: stop the relay first.`, { cause: error });
    }
    throw explainSqlite(error, file) ?? error;
  } finally {
    present?.close();
  }
}

/** Keeps others out of the database; fails when another process has it open. */
function holdAlone(database: SqliteConnection.Database): void {
  try {
    // Leaving WAL needs the file for itself alone: any other open connection makes this fail. It also takes over
    // what is still in the log, so that the old file is whole should it have to stay.
    database.pragma('journal_mode = DELETE');
    database.exec('begin exclusive');
  } catch (error) {
    const code = codeOf(error) ?? '';
    // Too damaged to be opened by anyone: that is what a backup is put back for.
    if (code !== 'SQLITE_NOTADB' && !code.startsWith('SQLITE_CORRUPT')) throw error;
  }
}

/**
 * Gives `write` an empty file of mode 0600 beside `target` to fill and move there; afterwards the file and its
 * folder are on disk, and nothing but `target` is left.
 */
function writeWhole(target: string, write: (temporary: string) => void): void {
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    closeSync(openSync(temporary, 'wx', 0o600));
    write(temporary);
    flush(dirname(resolve(target)));
  } catch (error) {
    throw explainSqlite(error, target) ?? error;
  } finally {
    for (const suffix of ['', '-journal']) rmSync(temporary + suffix, { force: true });
  }
}

/** Has the disk write what it holds back, for a file or a folder's entries. */
function flush(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
