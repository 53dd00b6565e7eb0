import type { Columns } from './columns.ts';

/**
 * A table of the columns (RFC 4180): times in UTC as ISO 8601, a gap or no point as an empty field. Spreadsheets take a
 * field that begins with `=`, `+`, `-` or `@` for a formula: names that do are quoted for them. In half of Europe they
 * part fields at semicolons, and quotes inside a field are none: what comes behind one is a beginning, too.
 */
export function csvOf(names: readonly string[], { times, values }: Columns): string {
  const lines = [['time', ...names].map(fieldOf).join(',')];
  times.forEach((time, row) => {
    const fields = values.map((column) => column[row] ?? '');
    lines.push([new Date(time).toISOString(), ...fields].join(','));
  });
  return `${lines.join('\r\n')}\r\n`;
}

function fieldOf(name: string): string {
  const plain = name.replace(/(^|[;,\t\r\n"]\s*)(?=[=+\-@\t\r])/g, "$1'");
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
