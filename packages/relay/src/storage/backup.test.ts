import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteConnection from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backupSqlite, restoreSqlite } from './backup.ts';
import { makeAccount } from './contract-fixtures.ts';
import { openStores } from './database.ts';
import { StorageError } from './storage-error.ts';
import type { Stores } from './stores.ts';

let folder: string;
let file: string;
let copy: string;
let stores: Stores;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-backup-'));
  file = join(folder, 'relay.db');
  copy = join(folder, 'backup.db');
  stores = await openStores({ kind: 'sqlite', file });
  await makeAccount(stores, 'ann');
});
afterEach(async () => {
  await stores.close();
  rmSync(folder, { recursive: true, force: true });
});

const namesIn = async (database: string) => {
  const opened = await openStores({ kind: 'sqlite', file: database });
  const accounts = await opened.accounts.list({ limit: 10 });
  await opened.close();
  return accounts.map(({ name }) => name).join();
};

test('copies a running relay’s database, and what it writes later stays out', async () => {
  backupSqlite(file, copy);
  await makeAccount(stores, 'bob');
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder).sort()).toEqual(['backup.db', 'relay.db', 'relay.db-shm', 'relay.db-wal']);
  expect(await namesIn(copy)).toBe('ann');
});

test('copies the database of a relay that was stopped', async () => {
  await stores.close();
  backupSqlite(file, copy);
  expect(await namesIn(copy)).toBe('ann');
});

test('replaces no file, and leaves nothing behind when it fails', () => {
  writeFileSync(copy, 'precious');
  expect(() => backupSqlite(file, copy)).toThrow(/is there already: name a file that is not there/);
  expect(() => backupSqlite(join(folder, 'none'), join(folder, 'x'))).toThrow(/is not there: check the name/);
  expect(() => backupSqlite(copy, join(folder, 'x'))).toThrow(StorageError);
  expect(() => backupSqlite(file, join(folder, 'none', 'x'))).toThrow(/folder does not exist/);
  expect(readdirSync(folder).sort()).toEqual(['backup.db', 'relay.db', 'relay.db-shm', 'relay.db-wal']);
});

test('a backup put back is the relay’s database again', async () => {
  backupSqlite(file, copy);
  await makeAccount(stores, 'bob');
  await stores.close();
  expect(() => restoreSqlite(copy, file)).toThrow(/is there already: move it away, or say --force/);
  restoreSqlite(copy, file, { force: true });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder).sort()).toEqual(['backup.db', 'relay.db']);
  expect(await namesIn(file)).toBe('ann');
  restoreSqlite(copy, join(folder, 'new.db'));
  expect(await namesIn(join(folder, 'new.db'))).toBe('ann');
});

test('refuses to replace a database in use, even with force', async () => {
  backupSqlite(file, copy);
  expect(() => restoreSqlite(copy, file, { force: true })).toThrow(/is in use: stop the relay first/);
  await makeAccount(stores, 'bob');
  expect(await namesIn(file)).toBe('ann,bob');
});

test('replaces a database that is damaged', async () => {
  backupSqlite(file, copy);
  await stores.close();
  writeFileSync(file, 'rubbish '.repeat(1000));
  writeFileSync(`${file}-wal`, 'rubbish');
  restoreSqlite(copy, file, { force: true });
  expect(await namesIn(file)).toBe('ann');
});

test('replaces a database of which the middle is damaged', async () => {
  backupSqlite(file, copy);
  await stores.close();
  copyFileSync(copy, file);
  const handle = Buffer.alloc(statSync(file).size - 100, 0xff);
  writeFileSync(file, Buffer.concat([Buffer.from('SQLite format 3\0'), handle]));
  restoreSqlite(copy, file, { force: true });
  expect(await namesIn(file)).toBe('ann');
});

test('refuses a source that is damaged, foreign or newer, and changes nothing', async () => {
  backupSqlite(file, copy);
  await stores.close();
  const target = join(folder, 'target.db');
  const refused = (reason: RegExp) => {
    expect(() => restoreSqlite(copy, target)).toThrow(reason);
    expect(existsSync(target)).toBe(false);
  };
  const whole = join(folder, 'whole.db');
  copyFileSync(copy, whole);

  const database = new SqliteConnection(copy);
  database.prepare('insert into schema_versions values (1000, ?, 0)').run('later');
  database.close();
  refused(/schema version 1000/);

  const damaged = new SqliteConnection(whole, { readonly: true });
  const root = damaged.prepare("select rootpage from sqlite_schema where name = 'accounts'").pluck().get();
  damaged.close();
  copyFileSync(whole, copy);
  const { openSync, writeSync, closeSync } = await import('node:fs');
  const descriptor = openSync(copy, 'r+');
  writeSync(descriptor, Buffer.alloc(4096, 0xff), 0, 4096, (Number(root) - 1) * 4096);
  closeSync(descriptor);
  refused(/is damaged/);

  rmSync(copy);
  const foreign = new SqliteConnection(copy);
  foreign.exec('create table notes (text)');
  foreign.close();
  refused(/not a database of a Porchlight relay/);

  writeFileSync(copy, 'text');
  refused(/is not a database/);
  rmSync(copy);
  refused(/is not there/);
});
