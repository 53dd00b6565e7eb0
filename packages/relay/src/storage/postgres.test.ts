import { type RunningPostgres, requirePostgres, startPostgres } from '@porchlight/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storageContract } from './contract.ts';
import { makeAccount, makeDevice } from './contract-fixtures.ts';
import { openStores } from './database.ts';
import { StorageError } from './storage-error.ts';

const { missing } = await requirePostgres();

describe.skipIf(missing !== undefined)(`PostgreSQL${missing === undefined ? '' : `: ${missing}`}`, () => {
  let server: RunningPostgres;
  let places = 0;
  beforeAll(async () => void (server = await startPostgres()));
  afterAll(() => server.stop());

  const on = (change: (url: URL) => void) => {
    const url = new URL(server.url);
    change(url);
    return url.href;
  };
  const run = async (sql: string, url = server.url) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  /** A schema of its own, which is made and dropped faster than a database. */
  const emptyPlace = async () => {
    const name = `test${++places}`;
    await run(`create schema ${name}`);
    const url = on(({ searchParams }) => searchParams.set('options', `-c search_path=${name}`));
    return { name, url };
  };

  describe('the stores', () => {
    storageContract(async () => {
      const { name, url } = await emptyPlace();
      return {
        open: () => openStores({ kind: 'postgres', url }),
        remove: () => run(`drop schema ${name} cascade`),
      };
    });
  });

  const failure = async (url: string) => {
    const error: unknown = await openStores({ kind: 'postgres', url }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StorageError);
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  };

  test('says what is wrong with its address', async () => {
    const wrong = await failure(on((url) => (url.password = 'wrong-secret')));
    expect(wrong).toMatch(
      /^PostgreSQL at 127\.0\.0\.1:\d+\/postgres refused the password of user "porchlight"/,
    );
    expect(wrong).not.toContain('wrong-secret');
    expect(await failure(on((url) => (url.password = '')))).toMatch(
      /asks for a password, and none was given/,
    );
    expect(await failure(on((url) => (url.pathname = '/none')))).toMatch(/make it with createdb/);
    expect(await failure(on((url) => (url.port = '1')))).toMatch(/connection refused\): start the server/);
    expect(await failure(on((url) => (url.search = '?sslmode=require')))).toMatch(/does not offer TLS/);
    expect(await failure('mysql://x')).toMatch(/not of the form postgres:/);
    expect(await failure('')).toMatch(/not of the form postgres:/);
  });

  test('of a newer schema is refused', async () => {
    const { url } = await emptyPlace();
    await (await openStores({ kind: 'postgres', url })).close();
    await run("insert into schema_versions values (1000, 'later', 0)", url);
    expect(await failure(url)).toMatch(/schema version 1000/);
  });

  test('needs a user who may make tables', async () => {
    await run("create role guest login password 'guest'");
    const guest = new URL(server.url);
    guest.username = guest.password = 'guest';
    expect(await failure(guest.href)).toMatch(/does not let user "guest" make tables/);
  });

  test('relays that record the same things in opposite orders wait for each other, and none is a victim', async () => {
    const { name } = await emptyPlace();
    // Each fact is looked up in turn, as in a large table; a deadlock would outlast the test.
    const plan = ['enable_seqscan=off', 'enable_hashjoin=off', 'enable_mergejoin=off', 'deadlock_timeout=1h'];
    const settings = [`search_path=${name}`, ...plan].map((one) => `-c ${one}`).join(' ');
    const url = on(({ searchParams }) => searchParams.set('options', settings));
    const one = await openStores({ kind: 'postgres', url });
    const other = await openStores({ kind: 'postgres', url });
    const { id: ann } = await makeAccount(one, 'ann');
    const ids: string[] = [];
    for (const device of ['a', 'b', 'c']) ids.push((await makeDevice(one, ann, device)).id);
    for (const id of ids) await one.devices.addServices(id, [{ name: 'web', kind: 'http' }]);
    const links = ids.map((deviceId) => ({ deviceId, bytesIn: 1 }));
    const services = ids.map((deviceId) => ({ deviceId, service: 'web', lastSuccessAt: 1 }));
    const blocker = new Client({ connectionString: url });
    await blocker.connect();
    const waiting = async () => (await blocker.query('select from pg_locks where not granted')).rowCount;
    const meet = async (middle: string, record: () => Promise<void>, reversed: () => Promise<void>) => {
      // Both get as far as they can before the row in the middle is free.
      await blocker.query('begin');
      await blocker.query(`${middle} = 'deviceb' for update`);
      const both = Promise.all([record(), reversed()]);
      await expect.poll(waiting).toBe(2);
      await blocker.query('commit');
      await both;
    };
    await meet(
      'select from devices where id',
      () => one.devices.record(links, []),
      () => other.devices.record(links.toReversed(), []),
    );
    await meet(
      'select from services where device_id',
      () => one.devices.record([], services),
      () => other.devices.record([], services.toReversed()),
    );
    expect(await one.devices.byName('a')).toMatchObject({ bytesIn: 2 });
    await Promise.all([blocker.end(), one.close(), other.close()]);
  });

  test('goes on after the server has broken its connections off', async () => {
    const { url } = await emptyPlace();
    const stores = await openStores({ kind: 'postgres', url });
    await stores.secrets.set('a', '1');
    await run('select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()', url);
    await expect
      .poll(() => stores.secrets.get('a').catch((error: unknown) => (error as Error).message))
      .toBe('1');
    await stores.close();
  });
});
