import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openSqlite } from '../sqlite.ts';
import { first } from './0001-first.ts';
import { stockSsh } from './0002-stock-ssh.ts';

test('the one user of a service in mode basic becomes the first of several', async () => {
  const { db } = openSqlite(':memory:');
  await first.up(db, 'sqlite');
  await sql`insert into accounts values ('a', 'ann', 'admin', '', 0)`.execute(db);
  await sql`
    insert into devices (id, account_id, name, fingerprint, public_key, created_at) values ('d', 'a', 'shed', 'f', 'k', 0)
  `.execute(db);
  await sql`
    insert into services (device_id, name, kind, access, basic_user, basic_hash) values
      ('d', 'web', 'http', 'basic', 'guest', '$h'), ('d', 'ssh', 'tcp', 'login', null, null)
  `.execute(db);
  await stockSsh.up(db, 'sqlite');
  expect(await db.selectFrom('service_users').selectAll().execute()).toEqual([
    { device_id: 'd', service: 'web', name: 'guest', password_hash: '$h' },
  ]);
  expect(
    await db.selectFrom('services').select(['name', 'access', 'kind_set']).orderBy('name').execute(),
  ).toEqual([
    { name: 'ssh', access: 'login', kind_set: 0 },
    { name: 'web', access: 'basic', kind_set: 0 },
  ]);
  await db.destroy();
});
