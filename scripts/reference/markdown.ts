/** First lines of each page that is written by a program. */
export function heading(title: string, source: string): string {
  return `# ${title}\n\nMade from ${source} by \`npm run reference\`: change it there.\n`;
}

/** Rows of Markdown source as a table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line), ''].join('\n');
}

export function code(text: string | number): string {
  return `\`${text}\``;
}
