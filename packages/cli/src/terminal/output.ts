import { stripVTControlCharacters, styleText } from 'node:util';
import { printableJson } from '@porchlight/protocol/words';

type Format = Parameters<typeof styleText>[0];

/** Colours where the stream is a terminal that has some, and nobody said NO_COLOR. */
const onto =
  (stream: NodeJS.WriteStream, format: Format) =>
  (text: string): string =>
    styleText(format, text, { stream });

/** Words that carry a meaning, for standard output; `error` and `hint` for standard error. */
export const styled = {
  good: onto(process.stdout, 'green'),
  warning: onto(process.stdout, 'yellow'),
  bad: onto(process.stdout, 'red'),
  strong: onto(process.stdout, 'bold'),
  quiet: onto(process.stdout, 'dim'),
  error: onto(process.stderr, 'red'),
  hint: onto(process.stderr, 'cyan'),
} as const;

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What is in the value reaches a terminal escaped: the same for a program, harmless for people. */
export function printJson(value: unknown): void {
  print(printableJson(value, 2));
}

/** Rows in columns as wide as needed, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widthOf = (cell: string): number => stripVTControlCharacters(cell).length;
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, widthOf(cell))));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
