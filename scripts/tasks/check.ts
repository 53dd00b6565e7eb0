/** `npm run check`: types, lint, format, unused code, arrows. */
import { dirname } from 'node:path';
import { runChecks } from './checks.ts';

const failed = await runChecks(dirname(dirname(import.meta.dirname)));
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
