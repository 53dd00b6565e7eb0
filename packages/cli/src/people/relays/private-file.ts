import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';

const FOR_OTHERS = 0o077;
/** A login with its certificate authority is a few kilobytes. */
const SIZE_MAX = 256 * 1024;

/** The text of a file that only its owner may read; undefined when there is none. @throws CommandError */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    const { mode, size } = await stat(path);
    if (size > SIZE_MAX) throw unusable(path, `is larger than ${SIZE_MAX / 1024} kB`, `remove it`);
    if (process.platform !== 'win32' && (mode & FOR_OTHERS) !== 0) {
      throw unusable(path, 'may be read or changed by others', `chmod 600 ${path}`);
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (error instanceof CommandError) throw error;
    throw unusable(path, `cannot be read (${codeOf(error)})`, 'change its owner', error);
  }
}

/** Writes it whole or not at all, for its owner only. @throws CommandError */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw unusable(path, `cannot be written (${codeOf(error)})`, 'change the owner of its folder', error);
  }
}

function unusable(path: string, why: string, hint: string, cause?: unknown): CommandError {
  return new CommandError(`${path} ${why}`, { hint, exitCode: EXIT.usage, cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
