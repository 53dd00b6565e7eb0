import { readFile } from 'node:fs/promises';
import tls from 'node:tls';
import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';

/** A bundle of authorities; those of a system are some 300 kB. */
const AUTHORITY_MAX = 512 * 1024;

/** Reads the PEM file of a relay's own certificate authority. @throws CommandError */
export async function readAuthorityFile(path: string): Promise<string> {
  const wrong = (why: string, cause?: unknown): CommandError =>
    new CommandError(`${path} ${why}`, {
      hint: 'give the PEM file of the certificate authority: a relay with one of its own has it at /install/ca.pem',
      exitCode: EXIT.usage,
      cause,
    });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw wrong('cannot be read', error);
  }
  if (text.length > AUTHORITY_MAX || !text.includes('-----BEGIN CERTIFICATE-----'))
    throw wrong('is no certificate authority');
  try {
    trust(text);
  } catch (error) {
    throw wrong('is no certificate authority', error);
  }
  return text;
}

/** Believes this authority beside those of the system, in this whole process: it talks to one relay. */
export function trust(ca: string | undefined): void {
  if (ca !== undefined) tls.setDefaultCACertificates([...tls.getCACertificates('default'), ca]);
}
