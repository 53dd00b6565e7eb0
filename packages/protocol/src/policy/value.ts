import type { LineScanner } from './line-scanner.ts';

/** Gives a local secret by its name; undefined when there is none. */
export type SecretSource = (name: string) => string | undefined;

/** What a secret may be called: it is written `$name` in a policy. */
export const SECRET_NAME = /^[a-z][a-z0-9_]{0,63}$/;
/** Longest value of a header or parameter, in characters, secrets filled in. */
export const VALUE_MAX = 4096;
/** What can stand in a header line (RFC 9110 §5.5, without obs-text). */
const SAFE_VALUE = /^[\x20-\x7e]*$/;

/**
 * Reads a value and fills in its secrets: a bare word or a "quoted text", in which `$name` stands for a secret and `$$`
 * for a dollar sign. Errors name the secret, never what it holds.
 * @throws PolicySyntaxError
 */
export function parseValue(scan: LineScanner, secret: SecretSource): string {
  const column = scan.column;
  const quoted = scan.take(/"(?:[^"\\]|\\["\\])*"/y);
  const text =
    quoted === undefined
      ? (scan.take(/[^\s",]+/y) ??
        scan.fail('the value is not closed or missing', 'Write a word, or "a text" in quotes.'))
      : quoted.slice(1, -1).replace(/\\(.)/g, '$1');
  if (quoted !== undefined && scan.glued)
    scan.fail('something is stuck to the closing quote', 'Put a space there.');
  const value = text.replace(/\$(\$|[A-Za-z0-9_]*)/g, (_, name: string) =>
    name === '$' ? '$' : fill(name, secret, scan, column),
  );
  if (value.length > VALUE_MAX)
    scan.fail(`the value is longer than ${VALUE_MAX} characters`, 'Shorten it.', column);
  if (!SAFE_VALUE.test(value))
    scan.fail('the value has characters other than ASCII text', 'Encode them.', column);
  return value;
}

function fill(name: string, secret: SecretSource, scan: LineScanner, column: number): string {
  if (!SECRET_NAME.test(name)) {
    const hint = 'Write $name with a lower-case name, or $$ for a dollar sign.';
    return scan.fail(`"$${name}" is no name of a secret`, hint, column);
  }
  const hint = `Add a line "${name} = …" to the secrets file.`;
  const value = secret(name) ?? scan.fail(`there is no secret "${name}"`, hint, column);
  if (value !== '' && SAFE_VALUE.test(value)) return value;
  return scan.fail(
    `the secret "${name}" is empty or not ASCII text`,
    'Put one line of ASCII text there.',
    column,
  );
}
