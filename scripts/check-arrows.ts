/** Fails when an import goes against the arrows between packages and folders, or closes a cycle. */
import { dirname } from 'node:path';
import { checkArrows } from './arrows/index.ts';

const { files, problems } = checkArrows(dirname(import.meta.dirname));
for (const problem of problems) console.error(problem);
if (files < 50) console.error(`only ${files} files seen: the check looks in the wrong place`);
process.exitCode = problems.length > 0 || files < 50 ? 1 : 0;
