/**
 * `npm test`: every check, the dashboard and the device bundle, then all tests. The last line counts tests;
 * a failed check or build counts as failed too, so that the line agrees with the exit code.
 *
 * `npm test -- WORDS` runs only the test files whose paths contain one of the words, and no checks.
 */
import { dirname } from 'node:path';
import { runChecks } from './checks.ts';
import { buildDashboard } from './dashboard.ts';
import { buildDeviceProgram } from './device-program.ts';
import { runTests } from './vitest.ts';

const root = dirname(dirname(import.meta.dirname));
const words = process.argv.slice(2);

const failed = words.length > 0 ? [] : await runChecks(root);
for (const { name, ok } of await Promise.all([buildDashboard(root), buildDeviceProgram(root)])) {
  if (!ok) failed.push(name);
}

const counts = await runTests(root, words);
if (failed.length > 0) console.error(`failed besides the tests: ${failed.join(', ')}`);
const skippedCounts = process.env['CI'] === 'true' && counts.skipped > 0;
if (skippedCounts) console.error('skipped tests count as failed here, because CI=true');
const failures = counts.failed + failed.length;
console.log(`${counts.passed} passed, ${failures} failed, ${counts.skipped} skipped`);
if (failures > 0 || skippedCounts) process.exitCode = 1;
