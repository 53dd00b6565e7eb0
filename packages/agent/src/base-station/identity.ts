import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { ConfigError, createFile, readTextFile, systemErrorCode } from '../config/index.ts';

const FILE = 'base-station-key';
const FILE_MAX = 4096;
const READABLE_BY_OTHERS = 0o077;

/**
 * The base station's lasting key (Ed25519, PKCS #8 PEM, mode 0600), which devices pin when they are let in. Made at the
 * first start; a file that is there is never written to. @throws ConfigError
 */
export async function openBaseStationKey(dataFolder: string): Promise<KeyObject> {
  const path = join(dataFolder, FILE);
  const found = await read(path);
  if (found !== undefined) return found;
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    await createFile(path, String(privateKey.export({ type: 'pkcs8', format: 'pem' })), 0o600);
  } catch (error) {
    const code = systemErrorCode(error);
    // EEXIST: another process was faster; its key counts.
    if (code !== 'EEXIST') {
      throw new ConfigError(`${path} cannot be written (${code}): check folder and disk`, { cause: error });
    }
  }
  return (await read(path)) ?? privateKey;
}

async function read(path: string): Promise<KeyObject | undefined> {
  try {
    const { text, mode } = await readTextFile(path, FILE_MAX);
    if ((mode & READABLE_BY_OTHERS) !== 0) {
      throw new ConfigError(`other users may read the private key ${path}: chmod 600 ${path}`);
    }
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${key.asymmetricKeyType} is not Ed25519`);
    return key;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(
      `${path} is no Ed25519 key: restore it from a backup, or remove it and let devices in again`,
      {
        cause: error,
      },
    );
  }
}
