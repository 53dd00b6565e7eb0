import { type StdioOptions, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Counts {
  passed: number;
  /** Tests, test files that could not be loaded, and errors outside any test. */
  failed: number;
  skipped: number;
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

/** Runs vitest on the files whose paths contain one of `words` (all when empty); `output` says who sees it. */
export async function runTests(
  root: string,
  words: readonly string[],
  output: 'inherit' | 'ignore' = 'inherit',
): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), 'porchlight-tests-'));
  const file = join(folder, 'report.json');
  try {
    const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...words];
    const code = await run(join(root, 'node_modules/vitest/vitest.mjs'), args, root, output);
    const counts = count(JSON.parse(await readFile(file, 'utf8')));
    // Vitest fails for errors outside tests too, which its report does not count.
    if (code !== 0 && counts.failed === 0) counts.failed = 1;
    return counts;
  } catch (error) {
    console.error(`vitest gave no report: ${String(error)}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function count(report: Report): Counts {
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((each) => each.status === 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  output: StdioOptions,
): Promise<number> {
  const child = spawn(process.execPath, [program, ...args], { cwd, stdio: output });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
