import type { Kysely } from 'kysely';
import { createLifetime, type Explain } from './lifetime.ts';
import { migrate } from './migrate.ts';
import { explainPostgres, openPostgres, placeOf } from './postgres.ts';
import type { Database, Schema } from './schema.ts';
import { createAccessTokenStore } from './sql-access-token-store.ts';
import { createAccountStore } from './sql-account-store.ts';
import { createAuditStore } from './sql-audit-store.ts';
import { createDeviceStore } from './sql-device-store.ts';
import { createEnrolmentTokenStore } from './sql-enrolment-token-store.ts';
import { createHealthStore } from './sql-health-store.ts';
import { createMessageStore } from './sql-message-store.ts';
import { createMqttCredentialStore } from './sql-mqtt-credential-store.ts';
import { createAppStore } from './sql-oauth-app-store.ts';
import { createAppGrantStore } from './sql-oauth-grant-store.ts';
import { createOAuthRecordStore } from './sql-oauth-record-store.ts';
import { createPathRouteStore } from './sql-path-route-store.ts';
import { createReadingStore } from './sql-reading-store.ts';
import { createSecretStore } from './sql-secret-store.ts';
import { createServiceStore } from './sql-service-store.ts';
import { createSessionStore } from './sql-session-store.ts';
import { createShareStore } from './sql-share-store.ts';
import { createSshKeyStore } from './sql-ssh-key-store.ts';
import { explainSqlite, openSqlite } from './sqlite.ts';
import type { Stores } from './stores.ts';

/** Where the records are kept. `file` may be `:memory:`, for tests. `url`: `postgres://user:password@host:port/name`. */
export type DatabaseOptions =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string };

/**
 * Opens the database, makes it if it is a SQLite file that is not there, and brings its schema up to date.
 * The caller closes it. The same stores, with the same queries, run on SQLite and on PostgreSQL (13 or later).
 *
 * @throws StorageError with one line naming cause and mend: folder not writable, no database, schema of a newer
 *   Porchlight, server not running, wrong password, …
 */
export async function openStores(options: DatabaseOptions): Promise<Stores> {
  return options.kind === 'sqlite' ? await openOnSqlite(options.file) : await openOnPostgres(options.url);
}

async function openOnSqlite(file: string): Promise<Stores> {
  const explain: Explain = (error) => explainSqlite(error, file);
  const { db, connection } = openSqlite(file);
  try {
    await migrate(db, 'sqlite', `The database ${file}`);
  } catch (error) {
    connection.close();
    throw explain(error) ?? error;
  }
  return storesOn({ kind: 'sqlite', db }, explain);
}

async function openOnPostgres(url: string): Promise<Stores> {
  const explain: Explain = (error) => explainPostgres(error, url);
  const patient = openPostgres(url, true);
  try {
    await migrate(patient, 'postgres', placeOf(url));
  } catch (error) {
    throw explain(error) ?? error;
  } finally {
    await patient.destroy();
  }
  return storesOn({ kind: 'postgres', db: openPostgres(url) }, explain);
}

function storesOn(database: Database, explain: Explain): Stores {
  const lifetime = createLifetime(explain);
  let closing: Promise<void> | undefined;
  return {
    accounts: lifetime.wrap(createAccountStore(database)),
    sessions: lifetime.wrap(createSessionStore(database)),
    accessTokens: lifetime.wrap(createAccessTokenStore(database)),
    sshKeys: lifetime.wrap(createSshKeyStore(database)),
    devices: lifetime.wrap(createDeviceStore(database)),
    services: lifetime.wrap(createServiceStore(database)),
    health: lifetime.wrap(createHealthStore(database)),
    readings: lifetime.wrap(createReadingStore(database)),
    enrolmentTokens: lifetime.wrap(createEnrolmentTokenStore(database)),
    pathRoutes: lifetime.wrap(createPathRouteStore(database)),
    shares: lifetime.wrap(createShareStore(database)),
    mqttCredentials: lifetime.wrap(createMqttCredentialStore(database)),
    mqttMessages: lifetime.wrap(createMessageStore(database)),
    apps: lifetime.wrap(createAppStore(database)),
    appGrants: lifetime.wrap(createAppGrantStore(database)),
    oauthRecords: lifetime.wrap(createOAuthRecordStore(database)),
    audit: lifetime.wrap(createAuditStore(database)),
    secrets: lifetime.wrap(createSecretStore(database)),
    close: () => (closing ??= close(database.db, () => lifetime.end())),
  };
}

async function close(db: Kysely<Schema>, drained: () => Promise<void>): Promise<void> {
  await drained();
  await db.destroy();
}
