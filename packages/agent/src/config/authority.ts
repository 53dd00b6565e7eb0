import { X509Certificate } from 'node:crypto';
import { ConfigError, systemErrorCode } from './config-error.ts';
import { readTextFile } from './files.ts';

const AUTHORITY_BYTES_MAX = 256 * 1024;

/**
 * The PEM text of a certificate authority.
 * @throws ConfigError when the file cannot be read or has no certificate
 */
export async function readAuthority(path: string): Promise<string> {
  try {
    const { text } = await readTextFile(path, AUTHORITY_BYTES_MAX);
    void new X509Certificate(text);
    return text;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = systemErrorCode(error);
    const why = code === '' || code.startsWith('ERR_') ? 'has no certificate' : `cannot be read (${code})`;
    throw new ConfigError(`${path} ${why}: give the PEM file of the relay's authority`, { cause: error });
  }
}
