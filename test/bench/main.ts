import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Line, passes, type Row, runRow, takeDown } from './row.ts';
import { rows } from './rows/index.ts';
import { printTable } from './table.ts';

const out = (text: string): void => void process.stdout.write(`${text}\n`);
const { names, file } = parseArguments(process.argv.slice(2));
const ends: (() => Promise<void>)[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    out('\nstopping …');
    void takeDown(ends).finally(() => process.exit(130));
  });
}
const results: { row: string; line: Line }[] = [];
for (const row of rows.filter(({ name }) => names.length === 0 || names.includes(name))) {
  out(`\n${row.name}: ${row.what}`);
  await run(row);
}
out('');
printTable(
  results.map(({ line }) => line),
  out,
);
await mkdir(dirname(file), { recursive: true });
await writeFile(
  file,
  `${JSON.stringify({ at: new Date().toISOString(), node: process.version, rows: results.map(({ row, line }) => ({ row, ...line, pass: passes(line) })) }, null, 2)}\n`,
);
out(`\nwritten to ${file}`);

async function run(row: Row): Promise<void> {
  try {
    for (const line of await runRow(row, (text) => out(`  ${text}`), ends))
      results.push({ row: row.name, line });
  } catch (error) {
    process.exitCode = 1;
    out(`  failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

function parseArguments(args: readonly string[]): { names: string[]; file: string } {
  const wanted: string[] = [];
  let json = join('bench-results', `${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.json`);
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    if (arg === '--json') {
      i += 1;
      json = args[i] ?? json;
    } else if (rows.some(({ name }) => name === arg)) wanted.push(arg);
    else {
      out(`error: there is no row "${arg}"`);
      out(`hint: npm run bench -- [--json FILE] [${rows.map(({ name }) => name).join('] [')}]`);
      process.exit(2);
    }
  }
  return { names: wanted, file: json };
}
