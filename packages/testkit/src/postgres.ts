import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type RequiredProgram, requireProgram } from './debian.ts';

const run = promisify(execFile);

/** Without fsync it starts within two seconds even on a busy machine; this is for one that hangs. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const PASSWORD = 'porchlight-test';

export interface RunningPostgres {
  /** `postgres://…`, with password, of an empty database; the user may create more. */
  readonly url: string;
  /** Ends the server and removes its folder. Idempotent. */
  stop(): Promise<void>;
}

/** Debian's PostgreSQL server, installed if need be without setting up or starting the system's own cluster. */
export async function requirePostgres(): Promise<RequiredProgram> {
  return await requireProgram('postgres', 'postgresql', {
    folders: ['/usr/lib/postgresql/*/bin'],
    beforeInstall() {
      const config = '/etc/postgresql-common/createcluster.conf';
      if (existsSync(config)) return;
      mkdirSync(dirname(config), { recursive: true });
      writeFileSync(config, 'create_main_cluster = false\n');
    },
  });
}

/**
 * Starts a PostgreSQL server of its own for one test file: in a temporary folder, on a unix socket in it and a port
 * of loopback that was free, with passwords (SCRAM) and without fsync. It goes down with this process, however
 * that ends.
 *
 * @throws Error when PostgreSQL cannot be had ({@link requirePostgres} tells beforehand) or does not start
 */
export async function startPostgres(): Promise<RunningPostgres> {
  const server = await requirePostgres();
  if (server.path === undefined) throw new Error(server.missing);
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-postgres-'));
  let child: ChildProcess | undefined;
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= end(child, folder));
  try {
    const user = await unprivileged();
    if (user !== undefined) chownSync(folder, user.uid, user.gid);
    const data = join(folder, 'data');
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, PASSWORD, { mode: 0o644 });
    const as = user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
    await run(
      'setpriv',
      [
        ...as,
        join(dirname(server.path), 'initdb'),
        '-D',
        data,
        '-U',
        'porchlight',
        '-A',
        'scram-sha-256',
      ].concat(['--pwfile', passwordFile, '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8']),
      { cwd: folder, timeout: START_TIMEOUT_MS },
    );
    for (let attempt = 1; ; attempt++) {
      // Below the range that the kernel gives out; another one is tried when somebody has this one.
      const port = 20_000 + Math.floor(Math.random() * 12_000);
      child = launch(server.path, as, data, folder, port);
      const refused = await ready(child);
      if (refused === undefined) {
        const url = `postgres://porchlight:${PASSWORD}@127.0.0.1:${port}/postgres`;
        return { url, stop };
      }
      if (attempt === 5 || !refused.includes('could not create any TCP/IP sockets')) throw new Error(refused);
    }
  } catch (error) {
    await stop();
    throw error;
  }
}

function launch(program: string, as: string[], data: string, folder: string, port: number): ChildProcess {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: folder,
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    shared_buffers: '16MB',
    max_connections: 100,
    autovacuum: 'off',
  };
  return spawn(
    'setpriv',
    // When the test process dies, the kernel sends SIGQUIT: PostgreSQL's "immediate shutdown".
    ['--pdeathsig', 'QUIT', ...as, program, '-D', data].concat(
      Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ),
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C' } },
  );
}

/** Undefined once the server says that it is ready; what it said when it ended instead. Its log is read to the end. */
async function ready(child: ChildProcess): Promise<string | undefined> {
  if (child.stderr === null) throw new Error('the server has no log');
  const lines = createInterface({ input: child.stderr });
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  try {
    return await new Promise((resolve, reject) => {
      const said: string[] = [];
      let up = false;
      lines.on('line', (line) => {
        if (up) return;
        said.push(line);
        up = line.includes('database system is ready to accept connections');
        if (up) resolve(undefined);
      });
      child.once('error', reject);
      child.once('close', () => resolve(`PostgreSQL did not start: ${said.join(' | ')}`));
    });
  } finally {
    clearTimeout(timer);
  }
}

async function end(child: ChildProcess | undefined, folder: string): Promise<void> {
  if (child !== undefined && child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    // "Fast shutdown": does not wait for clients.
    child.kill('SIGINT');
    await exit;
    clearTimeout(timer);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** The server refuses to run as root: the user to run it as, or undefined when we are not root. */
async function unprivileged(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
