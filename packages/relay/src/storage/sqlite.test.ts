import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteConnection from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storageContract } from './contract.ts';
import { makeAccount } from './contract-fixtures.ts';
import { openStores } from './database.ts';
import { StorageError } from './storage-error.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'porchlight-sqlite-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the stores on SQLite', () => {
  storageContract(async () => ({
    open: () => openStores({ kind: 'sqlite', file: join(folder, 'relay.db') }),
    remove: async () => undefined,
  }));
});

describe('a SQLite database', () => {
  const failure = async (file: string) => {
    const error: unknown = await openStores({ kind: 'sqlite', file }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StorageError);
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  };

  test('is for its owner only, with what lies beside it', async () => {
    const file = join(folder, 'relay.db');
    const stores = await openStores({ kind: 'sqlite', file });
    await makeAccount(stores, 'ann');
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600);
    await stores.close();
  });

  test('can be in memory, each one apart', async () => {
    const [one, two] = await Promise.all([
      openStores({ kind: 'sqlite', file: ':memory:' }),
      openStores({ kind: 'sqlite', file: ':memory:' }),
    ]);
    await makeAccount(one, 'ann');
    expect(await two.accounts.count()).toBe(0);
    await Promise.all([one.close(), two.close()]);
  });

  test('of a newer schema is refused and left as it is', async () => {
    const file = join(folder, 'relay.db');
    await (await openStores({ kind: 'sqlite', file })).close();
    const database = new SqliteConnection(file);
    database.prepare('insert into schema_versions values (?, ?, ?)').run(1000, 'later', 0);
    database.close();
    expect(await failure(file)).toMatch(
      /schema version 1000, .* versions up to \d+: a newer Porchlight wrote it\. Start that newer version/,
    );
  });

  test('that cannot be had says why and what to do', async () => {
    expect(await failure(join(folder, 'none', 'relay.db'))).toMatch(
      /folder does not exist: create the folder/,
    );
    mkdirSync(join(folder, 'sub'));
    expect(await failure(join(folder, 'sub'))).toMatch(/is a folder: name a file/);
    writeFileSync(join(folder, 'text'), 'no database at all, but text of some length');
    expect(await failure(join(folder, 'text'))).toMatch(/is not a database: move it away/);
    const other = new SqliteConnection(join(folder, 'other'));
    other.exec('create table notes (text)');
    other.close();
    expect(await failure(join(folder, 'other'))).toMatch(/of another program/);
  });

  test('in a folder that is not writable says so', async () => {
    chmodSync(folder, 0o555);
    // Nothing is unwritable to root: be somebody else meanwhile.
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      expect(await failure(join(folder, 'relay.db'))).toMatch(/cannot be written: give the relay's user/);
    } finally {
      if (root) process.seteuid?.(0);
    }
  });
});
