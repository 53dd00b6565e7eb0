import { programFor } from './commands.ts';
import { run } from './program.ts';

process.exitCode = await run(await programFor(process.argv[2]), process.argv);
