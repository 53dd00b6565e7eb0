import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ConfigError, readTextFile, systemErrorCode } from '../../config/index.ts';

/** A reload is a signal; a command that takes longer hangs. */
const COMMAND_MS = 15_000;

export type ReloadBy = { readonly pidFile: string } | { readonly command: readonly string[] };

/** Makes mosquitto read its files again. @throws ConfigError */
export async function reloadMosquitto(by: ReloadBy): Promise<void> {
  if ('pidFile' in by) return signal(by.pidFile);
  const [program = '', ...args] = by.command;
  try {
    await promisify(execFile)(program, args, { timeout: COMMAND_MS });
  } catch (error) {
    throw new ConfigError(`"${by.command.join(' ')}" failed: correct baseStation.mosquitto.reload`, {
      cause: error,
    });
  }
}

async function signal(pidFile: string): Promise<void> {
  try {
    const pid = Number((await readTextFile(pidFile, 32)).text.trim());
    if (!Number.isInteger(pid) || pid <= 1) throw new Error('there is no process id in it');
    process.kill(pid, 'SIGHUP');
  } catch (error) {
    const why = systemErrorCode(error) || (error instanceof Error ? error.message : String(error));
    throw new ConfigError(
      `mosquitto cannot be told to read its files again by ${pidFile} (${why}): is it running, and may this user signal it?`,
      { cause: error },
    );
  }
}
