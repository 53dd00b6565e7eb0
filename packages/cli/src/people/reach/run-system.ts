import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandError } from '../../command-error.ts';

/** Exit codes of shells for a program that a signal ended. */
const BY_SIGNAL = 128;

/** Signal numbers that a terminal or a service manager sends. */
const NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/**
 * Runs a program of the system in this one's place, with its terminal; gives its exit code.
 * @param secret what it reads on file descriptor 3, where nobody else sees it
 * @throws CommandError when it is not installed
 */
export function runSystem(program: string, args: readonly string[], secret?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const secretAt = secret === undefined ? undefined : openSecret(secret);
    const more = secretAt === undefined ? [] : [secretAt];
    const child = spawn(program, [...args], { stdio: ['inherit', 'inherit', 'inherit', ...more] });
    if (secretAt !== undefined) closeSync(secretAt);
    // The terminal sends Ctrl-C to both: what it means is for the program to say.
    const ignore = (): void => undefined;
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
    process.on('SIGINT', ignore).on('SIGTERM', pass).on('SIGHUP', pass);
    const over = (settle: () => void): void => {
      process.off('SIGINT', ignore).off('SIGTERM', pass).off('SIGHUP', pass);
      settle();
    };
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const missing = cause.code === 'ENOENT';
      const error = new CommandError(
        missing
          ? `${program} is not installed`
          : `${program} cannot be started (${cause.code ?? cause.message})`,
        { hint: `install ${program}, and see that it is in PATH`, cause },
      );
      over(() => reject(error));
    });
    child.once('close', (code, signal) => {
      over(() => resolve(code ?? BY_SIGNAL + (NUMBERS[signal ?? ''] ?? 0)));
    });
  });
}

/** A file to read it from that has no name any more: nobody else can open it, and it is gone with its last reader. */
function openSecret(text: string): number {
  const path = join(tmpdir(), `porchlight-${randomUUID()}`);
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return openSync(path, 'r');
  } finally {
    rmSync(path, { force: true });
  }
}
