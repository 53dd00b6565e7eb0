/** Most bytes of one beat, and values in it. A router's whole `/proc/meminfo` has 1.5 KB. */
export const BEAT_BYTES_MAX = 16 * 1024;
const VALUES_MAX = 64;
const VALUE_LENGTH_MAX = 200;
const LINE = /^([a-z][a-z0-9_.-]{0,31})\s*=\s*(.*)$/s;

export interface Beat {
  /** A name that comes twice has its last value. */
  readonly values: ReadonlyMap<string, string>;
  /** What was wrong with the first line that was passed over; undefined: none was. */
  readonly problem: string | undefined;
}

/** Reads `key=value` lines that a device sends; empty lines and those that begin with `#` say nothing. */
export function parseBeat(text: string): Beat {
  const values = new Map<string, string>();
  let problem: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const [, key, value] = LINE.exec(trimmed) ?? [];
    if (key === undefined || value === undefined) {
      problem ??= `line ${index + 1} is not key=value with a key of lower-case letters, digits, "_", "." and "-"`;
    } else if (values.size >= VALUES_MAX && !values.has(key)) {
      problem ??= `there are more than ${VALUES_MAX} values`;
    } else if (value !== '') values.set(key, printable(value));
  }
  return { values, problem };
}

/** Shown in terminals and pages: nothing that moves a cursor. */
function printable(value: string): string {
  return value.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '').slice(0, VALUE_LENGTH_MAX);
}
