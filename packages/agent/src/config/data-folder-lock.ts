import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { link, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { ConfigError, systemErrorCode } from './config-error.ts';
import { isDeadSocket, listenOnPath } from './unix-socket.ts';

const LOCK_FILE = 'agent.lock';
/** The holder answers from its event loop; one that is busy for longer is alive all the same. */
const ANSWER_DEADLINE_MS = 2_000;
/** A take-over lasts milliseconds; a mark older than this was left by one that died in it. */
const TAKE_OVER_MAX_MS = 10_000;

export interface DataFolderLock {
  /** Idempotent. */
  release(): Promise<void>;
}

/**
 * Takes the data folder for this process, so that no second agent runs on it.
 *
 * The lock is a Unix domain socket: as long as its holder lives, and no longer, the kernel accepts connections to it.
 * So a lock left by `kill -9` is recognised, and process ids, which are all 1 in containers that share a volume, do
 * not matter. Who connects is told the holder's process id.
 * @param file another lock than that of the agent with a link
 * @throws ConfigError naming the process that has it
 */
export async function lockDataFolder(dataFolder: string, file = LOCK_FILE): Promise<DataFolderLock> {
  const path = join(dataFolder, file);
  const own = `${path}.${randomBytes(4).toString('hex')}`;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => socket.destroy()); // the one who asked went away
    socket.end(`${process.pid}\n`, () => socket.destroy());
  });
  server.maxConnections = 16;
  try {
    await listenOnPath(server, own);
    // It listens before it gets the name that counts, so nobody ever finds it half made.
    if (!(await linked(own, path))) await takeOver(dataFolder, own, path);
  } catch (error) {
    server.close();
    throw cannotLock(dataFolder, error);
  }
  await rm(own);
  return held(server, path);
}

/** Gives a file a second name; false when that is taken. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Replaces a lock that nobody holds. Only the one that made the take-over file removes a lock, and only after it has
 * found it dead; so of several that start at once none removes the fresh lock of another.
 */
async function takeOver(dataFolder: string, own: string, path: string): Promise<void> {
  const mark = `${path}.takeover`;
  const holder = await holderOf(path);
  if (holder !== undefined) throw inUse(dataFolder, `process ${holder}`);
  const age = await stat(mark).then(
    (info) => Date.now() - info.mtimeMs,
    () => undefined, // there is none, or it cannot be read: making it will tell
  );
  if (age !== undefined && age > TAKE_OVER_MAX_MS) await rm(mark, { force: true });
  await writeFile(mark, '', { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    throw systemErrorCode(error) === 'EEXIST' ? inUse(dataFolder, 'just starting') : error;
  });
  try {
    const again = await holderOf(path);
    if (again !== undefined) throw inUse(dataFolder, `process ${again}`);
    await rm(path, { force: true });
    if (!(await linked(own, path))) throw inUse(dataFolder, 'just starting');
  } finally {
    await rm(mark, { force: true });
  }
}

/** The process id that the holder tells; undefined when nobody holds the lock. */
async function holderOf(path: string): Promise<string | undefined> {
  const socket = connect(path);
  socket.setTimeout(ANSWER_DEADLINE_MS, () => socket.destroy());
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    answer += String(chunk);
    if (answer.length > 32) socket.destroy();
  });
  try {
    await once(socket, 'connect');
    await once(socket, 'close');
  } catch (error) {
    if (isDeadSocket(error)) return undefined;
    return `unknown, ${systemErrorCode(error)}`;
  } finally {
    socket.destroy();
  }
  return /^\d+\n$/.test(answer) ? answer.trim() : 'unknown';
}

function held(server: Server, path: string): DataFolderLock {
  server.unref();
  let released: Promise<void> | undefined;
  const release = async () => {
    await rm(path, { force: true }); // while it is still ours for sure
    server.close();
    await once(server, 'close');
  };
  return { release: () => (released ??= release()) };
}

function inUse(dataFolder: string, holder: string): ConfigError {
  return new ConfigError(
    `another agent (${holder}) runs on the data folder ${dataFolder}: stop that one, or choose another folder with --data`,
  );
}

function cannotLock(dataFolder: string, error: unknown): ConfigError {
  if (error instanceof ConfigError) return error;
  const code = systemErrorCode(error) || String(error);
  return new ConfigError(
    `the data folder ${dataFolder} cannot be locked (${code}): choose one on a local disk with --data`,
    { cause: error },
  );
}
