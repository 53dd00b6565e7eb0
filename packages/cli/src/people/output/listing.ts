import { harmless, styled, table } from '../../terminal/index.ts';

/** Text from outside, or such with a style of {@link styled}. */
export type Cell = string | readonly [text: string, style: (text: string) => string];

/** Rows in columns under a head; what is in them is made fit for a terminal. */
export function listing(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return table([head.map((title) => styled.quiet(title)), ...rows.map((row) => row.map(cellText))]);
}

/** `name  value` lines; what has no value is left out. */
export function facts(rows: readonly (readonly [name: string, value: Cell | undefined])[]): string {
  const given = rows.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[styled.quiet(name), cellText(value)]],
  );
  return table(given);
}

function cellText(cell: Cell): string {
  if (typeof cell === 'string') return harmless(cell);
  const [text, style] = cell;
  return style(harmless(text));
}
