import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PorchlightError } from '@porchlight/protocol';
import { parseStoredTokens, type StoredTokens, type TokenStore } from '../tokens/index.ts';

/** A refresh takes a second or two; a lock that is older was left by a program that died. */
const LOCK_LIFE_MS = 30_000;
const LOCK_LOOK_MS = 50;

/**
 * Keeps tokens in a file of mode 0600, in a folder that is made with mode 0700. Several programs may share it: they
 * refresh one after the other.
 */
export function fileStore(path: string): TokenStore {
  return {
    async load() {
      try {
        return parseStoredTokens(await readFile(path, 'utf8'));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw unusable(path, error);
      }
    },
    async save(tokens) {
      try {
        if (tokens === undefined) await rm(path, { force: true });
        else await write(path, tokens);
      } catch (error) {
        throw unusable(path, error);
      }
    },
    async alone(run) {
      const lock = `${path}.lock`;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await takeLock(lock);
      try {
        return await run();
      } finally {
        await rm(lock, { force: true });
      }
    },
  };
}

/** Whole or not at all, and never readable by others: a new file in the old one's place. */
async function write(path: string, tokens: StoredTokens): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(fresh, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(tokens)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
}

async function takeLock(lock: string): Promise<void> {
  for (;;) {
    try {
      const file = await open(lock, 'wx', 0o600);
      await file.close();
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw unusable(lock, error);
    }
    const age = await ageOf(lock);
    if (age !== undefined && age > LOCK_LIFE_MS) await rm(lock, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, LOCK_LOOK_MS));
  }
}

/** In ms; undefined: it is gone. */
async function ageOf(path: string): Promise<number | undefined> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unusable(path, error);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function unusable(path: string, cause: unknown): PorchlightError {
  const message = `The file ${path} cannot be used (${String(codeOf(cause))}): give it and its folder to this user`;
  return new PorchlightError('internal', message, { cause });
}
