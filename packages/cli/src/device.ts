import { agentCommand } from './agent/agent-command.ts';
import { createProgram, endWithReader, run } from './program.ts';

/** The command as devices get it, in one file: the agent without the relay. */
endWithReader();
process.exitCode = await run(createProgram([agentCommand()]), process.argv);
