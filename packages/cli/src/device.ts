import { agentCommand } from './agent/agent-command.ts';
import { createProgram, run } from './program.ts';

/** The command as devices get it, in one file: the agent without the relay. */
process.exitCode = await run(createProgram([agentCommand()]), process.argv);
