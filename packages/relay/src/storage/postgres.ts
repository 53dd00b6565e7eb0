import { Kysely, PostgresDialect } from 'kysely';
import { Pool, type PoolConfig, types } from 'pg';
import type { Schema } from './schema.ts';
import { codeOf, StorageError } from './storage-error.ts';

/** Connections of one relay: enough to keep PostgreSQL busy, and ten relays stay below its default of 100. */
const CONNECTIONS_MAX = 8;
/** How long a query waits for a free connection, and a connection for the server's greeting. */
const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 60_000;
/** The server ends a statement after this; none of ours takes a hundredth of it unless something is wrong. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** The relay gives up waiting after this, when the server has gone without a word. */
const QUERY_TIMEOUT_MS = 40_000;

/** OID of `bigint`. Our instants and byte sums stay below 2^53. */
const BIGINT = 20;

/**
 * A pool of connections to PostgreSQL. Nothing is connected yet. `patient`: one connection without limits on a
 * statement's time, for migrations.
 *
 * @throws StorageError for an address that is none
 */
export function openPostgres(url: string, patient = false): Kysely<Schema> {
  placeOf(url);
  const limits: PoolConfig = patient
    ? { max: 1 }
    : { max: CONNECTIONS_MAX, statement_timeout: STATEMENT_TIMEOUT_MS, query_timeout: QUERY_TIMEOUT_MS };
  const pool = new Pool({
    ...limits,
    connectionString: url,
    application_name: 'porchlight',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    keepAlive: true,
    types: {
      getTypeParser: ((oid: number, format?: 'text') =>
        oid === BIGINT ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
    },
  });
  // An idle connection broke, and the pool has dropped it already. Without a listener this would end the process;
  // the next query connects anew, and says what is wrong if that fails too.
  pool.on('error', () => undefined);
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}

/** Names a PostgreSQL database for people, without the password. @throws StorageError */
export function placeOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^postgres(?:ql)?:$/.test(parsed.protocol)) {
    throw new StorageError(
      'The address of the database is not of the form postgres://USER:PASSWORD@HOST:PORT/NAME: correct it ' +
        '(special characters in the password are written as %XX).',
    );
  }
  const host = parsed.searchParams.get('host') ?? (parsed.host === '' ? 'localhost' : parsed.host);
  return `PostgreSQL at ${host}${parsed.pathname}`;
}

/** Puts the errors of PostgreSQL and of the way to it into words; undefined for those that tell of a mistake of ours. */
export function explainPostgres(error: unknown, url: string): StorageError | undefined {
  if (error instanceof StorageError) return error;
  if (!(error instanceof Error)) return undefined;
  const place = placeOf(url);
  const user = decodeURIComponent(URL.parse(url)?.username ?? '');
  const say = (text: string) => new StorageError(`${place} ${text}`, { cause: error });
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return say('does not answer (connection refused): start the server, or correct host and port.');
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return say('cannot be found: correct the host name, or check name resolution on this machine.');
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return say('cannot be reached: check the network and firewall between here and the server.');
    case 'ECONNRESET':
    case 'EPIPE':
    case '57P01':
    case '57P02':
      return say('broke the connection off: see whether the server is being restarted.');
    case '57P03':
      return say('is starting or stopping: try again in a moment.');
    case '28P01':
      return say(`refused the password of user "${user}": correct the password.`);
    case '28000':
      return say(`does not let user "${user}" in from here: correct the user, or allow it in pg_hba.conf.`);
    case '3D000':
      return say('does not have this database: make it with createdb, or correct its name.');
    case '42501':
      return say(`does not let user "${user}" make tables: make that user the owner of the database.`);
    case '53300':
      return say('has no connection left: raise its max_connections, or run fewer programs on it.');
    case '53100':
      return say('has no disk space left: make room on the server.');
    case undefined:
      return withoutCode(error.message, say, user);
    default:
      return undefined;
  }
}

/** The driver's own errors have no code. */
function withoutCode(
  message: string,
  say: (text: string) => StorageError,
  user: string,
): StorageError | undefined {
  if (message.includes('password must be a')) {
    return say(`asks for a password, and none was given for user "${user}": add it to the address.`);
  }
  if (message.includes('does not support SSL')) {
    return say('does not offer TLS: drop sslmode from the address, or switch TLS on at the server.');
  }
  if (/timeout|Connection terminated/.test(message)) {
    return say('did not answer in time: check that the server runs and is not overloaded.');
  }
  return undefined;
}
