import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ConfigError, systemErrorCode } from './config-error.ts';

/**
 * Locked as long as the process lives, however it ends. Nothing else may open it: when a process closes a file, all
 * its `fcntl` locks on that file are gone.
 */
const LOCK_FILE = 'relay.lock';
/** Says who holds it, for people. */
const HOLDER_FILE = 'relay.pid';

export interface DataFolderLock {
  /** Idempotent. */
  release(): void;
}

/**
 * Takes the data folder for this process, so that no second relay writes to it.
 *
 * The lock is SQLite's own exclusive file lock (`fcntl`, `LockFileEx`) on a file that holds nothing. The system lets
 * go of it when the process dies, even by `kill -9`, so it is never stale; and it does not depend on process ids,
 * which are all 1 in containers that share a volume. Node itself offers no file locks.
 * @throws ConfigError naming the process that has it
 */
export function dataFolderLock(path: string): DataFolderLock {
  const holderFile = join(path, HOLDER_FILE);
  let database: Database.Database | undefined;
  try {
    database = new Database(join(path, LOCK_FILE), { timeout: 0 });
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
    chmodSync(join(path, LOCK_FILE), 0o600);
    writeFileSync(holderFile, `${process.pid} on ${hostname()}\n`, { mode: 0o600 });
  } catch (error) {
    database?.close();
    const code = systemErrorCode(error);
    if (code.startsWith('SQLITE_BUSY')) {
      throw new ConfigError(
        `Another relay (${readHolder(holderFile)}) uses the data folder ${path}: stop it, or choose another with --data`,
        { cause: error },
      );
    }
    throw new ConfigError(
      `The data folder ${path} cannot be locked (${code || String(error)}): choose one on a local disk with --data`,
      { cause: error },
    );
  }
  const held = database;
  return {
    release() {
      if (!held.open) return;
      rmSync(holderFile, { force: true });
      held.close();
    },
  };
}

function readHolder(file: string): string {
  try {
    const text = readFileSync(file, 'utf8').slice(0, 300).trim();
    return /^\d+ on \S+$/.test(text) ? `process ${text}` : 'process unknown';
  } catch (error) {
    return `process unknown, ${systemErrorCode(error)}`;
  }
}
