import { type Line, passes } from './row.ts';

/** Prints the results for people: a line each, with its bar, and how it was measured below. */
export function printTable(lines: readonly Line[], out: (text: string) => void): void {
  const cells = lines.map((line) => [
    line.what,
    line.ours,
    line.peer ?? '',
    `${digits(line.value)} ${line.unit}`,
    'atLeast' in line.bar ? `≥ ${line.bar.atLeast}` : `≤ ${line.bar.atMost}`,
    passes(line) ? 'pass' : 'MISS',
  ]);
  const table = [['what', 'ours', 'peer or base', 'result', 'bar', ''], ...cells];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  table.forEach((row, at) => {
    out(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
    const note = lines[at - 1]?.note;
    if (note !== undefined) out(`    ${note}`);
  });
}

function digits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
}
