import { ConfigError, systemErrorCode } from './config-error.ts';
import { readTextFile } from './files.ts';
import { Secret } from './secret.ts';

const PASSWORD_BYTES_MAX = 1024;

/**
 * The password in a file, without the line end behind it.
 * @throws ConfigError when the file cannot be read or is empty
 */
export async function readPassword(path: string): Promise<Secret> {
  let text: string;
  try {
    ({ text } = await readTextFile(path, PASSWORD_BYTES_MAX));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = systemErrorCode(error) || String(error);
    throw new ConfigError(`${path} cannot be read (${code}): put the password there, for this user alone`, {
      cause: error,
    });
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new ConfigError(`${path} is empty: put the password there`);
  return new Secret(password);
}
