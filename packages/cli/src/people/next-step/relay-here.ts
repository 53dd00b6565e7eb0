import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where relays are by default, and where the guides put them. */
const FOLDERS = [join(homedir(), '.porchlight/relay'), '/var/lib/porchlight'];

export interface RelayHere {
  readonly folder: string;
  readonly running: boolean;
}

/** A relay of this machine, as far as this user may see it; undefined: there is none. */
export async function relayHere(env: NodeJS.ProcessEnv): Promise<RelayHere | undefined> {
  const own = env['PORCHLIGHT_DATA'];
  for (const folder of [...(own === undefined || own === '' ? [] : [own]), ...FOLDERS]) {
    if (!existsSync(join(folder, 'relay.lock'))) continue;
    return { folder, running: isAlive(await readFile(join(folder, 'relay.pid'), 'utf8').catch(() => '')) };
  }
  return undefined;
}

/** The file says `123 on host`. */
function isAlive(holder: string): boolean {
  const pid = Number.parseInt(holder, 10);
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
