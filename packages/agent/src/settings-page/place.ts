import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, readTextFile, replaceFile, systemErrorCode } from '../config/index.ts';

const FILE = 'settings-page.place';
const FILE_MAX = 4096;

const shape = z.strictObject({ url: z.string(), claimCode: z.string().optional() });

/** Where the settings page is, and what claims it; kept for the agent's own user as long as the page is open. */
export type SettingsPlace = z.infer<typeof shape>;

export function writePlace(dataFolder: string, place: SettingsPlace): Promise<void> {
  return replaceFile(join(dataFolder, FILE), `${JSON.stringify(place)}\n`, 0o600);
}

export function removePlace(dataFolder: string): Promise<void> {
  return rm(join(dataFolder, FILE), { force: true });
}

/** Undefined: no page is open. @throws ConfigError */
export async function readPlace(dataFolder: string): Promise<SettingsPlace | undefined> {
  try {
    return shape.parse(JSON.parse((await readTextFile(join(dataFolder, FILE), FILE_MAX)).text));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    throw new ConfigError(
      `the settings page of ${dataFolder} cannot be found (${code}): ask as the agent's user`,
      {
        cause: error,
      },
    );
  }
}
