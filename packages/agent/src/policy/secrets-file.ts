import { SECRET_NAME, VALUE_MAX } from '@porchlight/protocol/policy';
import { ConfigError, type FileText, Secret } from '../config/index.ts';

/** Longest secrets file, in bytes. */
export const SECRETS_BYTES_MAX = 64 * 1024;
const SECRETS_MAX = 200;
const OPEN_TO_OTHERS = 0o077;

/**
 * Reads the secrets file: `name = value` a line, `#` begins a comment line. Messages never show a value.
 * @throws ConfigError with the line; also when others may read the file
 */
export function parseSecrets(path: string, { text, mode }: FileText): ReadonlyMap<string, Secret> {
  if ((mode & OPEN_TO_OTHERS) !== 0) {
    throw new ConfigError(`other users may read the secrets in ${path}: chmod 600 ${path}`);
  }
  const secrets = new Map<string, Secret>();
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const fail = (problem: string): never => {
      throw new ConfigError(`${path} line ${index + 1}: ${problem}`);
    };
    if (/^\s*(?:#|$)/.test(line)) continue;
    const equals = line.indexOf('=');
    const name = line.slice(0, Math.max(equals, 0)).trim();
    const value = line.slice(equals + 1).trim();
    // What stands before the "=" is not shown either: it may be a value without its name.
    if (!SECRET_NAME.test(name))
      fail('this is not NAME = VALUE: begin it with a lower-case name, or with # as a comment');
    if (secrets.has(name)) fail(`"${name}" stands twice: keep one of them`);
    if (value === '') fail(`"${name}" has no value: write it after the "="`);
    if (value.length > VALUE_MAX) fail(`"${name}" is longer than ${VALUE_MAX} characters: shorten it`);
    if (!/^[\x20-\x7e]+$/.test(value)) fail(`"${name}" has characters other than ASCII text: encode them`);
    if (secrets.size >= SECRETS_MAX) fail(`more than ${SECRETS_MAX} secrets: remove those that no rule uses`);
    secrets.set(name, new Secret(value));
  }
  return secrets;
}
