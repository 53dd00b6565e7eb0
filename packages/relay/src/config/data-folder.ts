import { randomUUID } from 'node:crypto';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError, systemErrorCode } from './config-error.ts';

/** The relay's own folders are its user's alone. */
const FOLDER_MODE = 0o700;
/** Others may read, write or enter. */
const OPEN_TO_OTHERS = 0o077;

/**
 * Makes the data folder (mode 0700, parents too) if it is missing, and shows by writing that it can be written.
 * A folder that is there keeps its mode, for it may be more than ours.
 * @returns lines for the log, when others may look into it
 * @throws ConfigError
 */
export async function prepareDataFolder(path: string): Promise<string[]> {
  try {
    await makeFolder(path);
    const probe = join(path, `.write-probe-${randomUUID()}`);
    try {
      await writeFile(probe, 'porchlight\n', { mode: 0o600, flag: 'wx' });
    } finally {
      await rm(probe, { force: true });
    }
    const { mode } = await stat(path);
    return (mode & OPEN_TO_OTHERS) === 0
      ? []
      : [`other users of this machine may enter the data folder: chmod 700 ${path}`];
  } catch (error) {
    throw describeDataFolderError(error, path);
  }
}

/** Not `mkdir` with `recursive`: that never returns where a file system such as /proc answers ENOENT again and again. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: FOLDER_MODE });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, { mode: FOLDER_MODE });
  }
}

function describeDataFolderError(error: unknown, path: string): ConfigError {
  const say = (text: string) => new ConfigError(`The data folder ${path} ${text}`, { cause: error });
  const code = systemErrorCode(error);
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return say('cannot be written by this user: change its owner, or choose another with --data');
    case 'EROFS':
      return say('is on a read-only file system: choose another with --data');
    case 'ENOSPC':
    case 'EDQUOT':
      return say('cannot be written, the disk is full: make room, or choose another with --data');
    case 'EEXIST':
    case 'ENOTDIR':
      return say('is a file, or below one: choose a folder with --data');
    default:
      return say(`cannot be used (${code || String(error)}): choose another with --data`);
  }
}
