import { programFor } from './commands.ts';
import { showNextStep } from './people/next-step/index.ts';
import { endWithReader, run, runToEnd } from './program.ts';

endWithReader();
const alone = process.argv.length === 2;
process.exitCode = await (alone
  ? runToEnd(showNextStep)
  : run(await programFor(process.argv[2]), process.argv));
