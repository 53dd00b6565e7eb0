import { agentCommand } from './agent/agent-command.ts';
import { createProgram, run } from './program.ts';
import { relayCommand } from './relay/relay-command.ts';

process.exitCode = await run(createProgram([relayCommand(), agentCommand()]), process.argv);
