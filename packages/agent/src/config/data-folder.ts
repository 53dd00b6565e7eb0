import { mkdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ConfigError, quoted, systemErrorCode } from './config-error.ts';

const FOLDER = 'porchlight-agent';
const WRITABLE_BY_OTHERS = 0o022;

export interface DataFolderChoice {
  /** `--data`. */
  readonly flag?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Effective user id; undefined where there is none. */
  readonly uid: number | undefined;
  readonly home: string;
}

/**
 * Where the agent's files are: `--data`, else `PORCHLIGHT_DATA`, else `/var/lib/porchlight-agent` for root and
 * `$XDG_DATA_HOME/porchlight-agent` (XDG Base Directory Specification) for others.
 */
export function chooseDataFolder({ flag, env, uid, home }: DataFolderChoice): string {
  const wish = flag ?? env['PORCHLIGHT_DATA'];
  if (wish !== undefined && wish !== '') return resolve(wish);
  if (uid === 0) return join('/var/lib', FOLDER);
  const xdg = env['XDG_DATA_HOME'];
  // A relative path there is to be ignored, says the specification.
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.local/share'), FOLDER);
}

/**
 * Makes the data folder (mode 0700) if it is missing.
 * @throws ConfigError when that fails, or when other users may write into the folder
 */
export async function prepareDataFolder(path: string): Promise<void> {
  try {
    await makeFolder(path);
    const info = await stat(path);
    if (!info.isDirectory())
      throw new ConfigError(`${quoted(path)} is no folder: choose another with --data`);
    if ((info.mode & WRITABLE_BY_OTHERS) !== 0) {
      throw new ConfigError(`other users may write into the data folder ${path}: chmod 700 ${path}`);
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = systemErrorCode(error) || String(error);
    throw new ConfigError(
      `the data folder ${path} cannot be used (${code}): change its owner, or choose another with --data`,
      { cause: error },
    );
  }
}

/** Not `mkdir` with `recursive`: that never returns where a file system such as /proc answers ENOENT for ever. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
}
