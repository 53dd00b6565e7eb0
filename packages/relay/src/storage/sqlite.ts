import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import SqliteConnection from 'better-sqlite3';
import { Kysely } from 'kysely';
import type { Schema } from './schema.ts';
import { BUSY_TIMEOUT_MS, PatientSqliteDialect } from './sqlite-dialect.ts';
import { codeOf, StorageError } from './storage-error.ts';

/** `application_id` in the file's header, "PLgt": tells our databases from other programs'. */
export const APPLICATION_ID = 0x50_4c_67_74;
/** After a checkpoint the log is cut to this size, so that one burst of writes does not take its place for ever. */
const JOURNAL_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Opens a SQLite database file, made with mode 0600 if it is not there: it holds the relay's keys.
 *
 * @throws StorageError
 */
export function openSqlite(file: string): { db: Kysely<Schema>; connection: SqliteConnection.Database } {
  let connection: SqliteConnection.Database | undefined;
  try {
    if (file !== ':memory:') makePrivate(file);
    connection = new SqliteConnection(file, { timeout: BUSY_TIMEOUT_MS });
    claimFile(connection, file);
    // WAL: readers (a backup too) and the writer do not wait for each other.
    connection.pragma('journal_mode = WAL');
    // With WAL, NORMAL cannot corrupt the file nor lose anything when the process is killed; a power cut can
    // undo the last moments before it. FULL would stop the relay's one thread for an fsync at every commit,
    // tens of ms on an SD card, and what is written most (health, audit) is late by its batching anyway.
    connection.pragma('synchronous = NORMAL');
    connection.pragma('foreign_keys = ON');
    connection.pragma(`journal_size_limit = ${JOURNAL_BYTES_MAX}`);
    // From here on waiting is done by PatientConnection, which does not stop the relay's one thread.
    connection.pragma('busy_timeout = 0');
    const db = new Kysely<Schema>({ dialect: new PatientSqliteDialect(connection) });
    return { db, connection };
  } catch (error) {
    connection?.close();
    throw explainSqlite(error, file) ?? error;
  }
}

function makePrivate(file: string): void {
  // A file that is there is not opened: closing it again would undo the locks that this process holds on it
  // (https://sqlite.org/howtocorrupt.html §2.2).
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) chmodSync(file, 0o600);
  else closeSync(openSync(file, 'a', 0o600));
}

/** Marks an empty file as ours. Reading its header also finds out whether the file is a database at all. */
function claimFile(connection: SqliteConnection.Database, file: string): void {
  const application = connection.pragma('application_id', { simple: true });
  if (application === APPLICATION_ID) return;
  const tables = connection.prepare('select count(*) from sqlite_schema').pluck().get();
  if (application !== 0 || tables !== 0) {
    throw new StorageError(`${file} is a database of another program: name another file, or move it away.`);
  }
  connection.pragma(`application_id = ${APPLICATION_ID}`);
}

/** Puts the errors of SQLite and of its file into words; undefined for those that tell of a mistake of ours. */
export function explainSqlite(error: unknown, file: string): StorageError | undefined {
  if (error instanceof StorageError) return error;
  const say = (text: string) => new StorageError(text, { cause: error });
  const code = codeOf(error) ?? '';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return say(
      `${file} cannot be made, its folder does not exist: create the folder, or name another data folder.`,
    );
  }
  if (code === 'EISDIR') return say(`${file} is a folder: name a file for the database.`);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code.startsWith('SQLITE_READONLY')) {
    return say(`${file} cannot be written: give the relay's user write access to it and to its folder.`);
  }
  if (code.startsWith('SQLITE_CANTOPEN')) {
    return say(
      `${file} cannot be opened: check that the file and its folder can be read and written by the relay's user.`,
    );
  }
  if (code === 'SQLITE_NOTADB') {
    return say(`${file} is not a database: move it away to start anew, or restore a backup over it.`);
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return say(`${file} is damaged: stop the relay and restore a backup over it.`);
  }
  if (code.startsWith('SQLITE_BUSY')) {
    return say(
      `${file} is held by another program for longer than ${BUSY_TIMEOUT_MS / 1000} s: end that program.`,
    );
  }
  if (code === 'SQLITE_FULL' || code === 'ENOSPC')
    return say(`The disk of ${file} is full: make room on it.`);
  if (code.startsWith('SQLITE_IOERR')) {
    return say(`${file} cannot be read or written (${code}): check the disk for faults and free space.`);
  }
  return undefined;
}
