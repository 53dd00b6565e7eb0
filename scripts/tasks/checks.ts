import { join } from 'node:path';
import { type Outcome, runQuietly } from './run-quietly.ts';

/** Each check: what it is called, and its command line. Programs are the checkout's own, found in PATH. */
const CHECKS: readonly (readonly [name: string, program: string, ...args: string[]])[] = [
  ['types', 'tsc', '-p', '.'],
  ['lint', 'oxlint', '--type-aware', '--quiet'],
  ['format', 'biome', 'check', '--colors=off', '.'],
  ['unused code', 'knip', '--no-progress', '--no-config-hints'],
  ['arrows', process.execPath, join(import.meta.dirname, '..', 'check-arrows.ts')],
];

/** Runs all checks, two at a time so that two cores are busy; gives the names of those that failed. */
export async function runChecks(root: string): Promise<string[]> {
  const waiting = [...CHECKS];
  const outcomes: Outcome[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, program, ...args] = next;
      outcomes.push(await runQuietly(name, program, args, root));
    }
  };
  await Promise.all([worker(), worker()]);
  return outcomes.filter((outcome) => !outcome.ok).map((outcome) => outcome.name);
}
