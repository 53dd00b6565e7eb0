import { programFor } from './commands.ts';
import { showNextStep } from './people/next-step/index.ts';
import { run, runToEnd } from './program.ts';

const alone = process.argv.length === 2;
process.exitCode = await (alone
  ? runToEnd(showNextStep)
  : run(await programFor(process.argv[2]), process.argv));
