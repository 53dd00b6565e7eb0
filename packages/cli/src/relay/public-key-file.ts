import { open } from 'node:fs/promises';
import { CommandError } from '../command-error.ts';
import { EXIT } from '../exit-code.ts';
import { readStandardInput } from '../terminal/index.ts';

/** Larger than any key; a file that is longer is something else. */
const FILE_MAX = 64 * 1024;

/** What `--public-key FILE` names; `-`: standard input. @throws CommandError, or what reading the file says */
export async function publicKeyFrom(file: string): Promise<string> {
  if (file !== '-') return await beginningOf(file);
  if (!process.stdin.isTTY) return await readStandardInput();
  throw new CommandError('no public key was given', {
    hint: 'pipe it in: --public-key - < FILE',
    exitCode: EXIT.usage,
  });
}

async function beginningOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(FILE_MAX));
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
