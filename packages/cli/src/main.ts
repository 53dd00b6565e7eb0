import { agentCommand } from './agent/agent-command.ts';
import { createProgram, run } from './program.ts';

const commands = [agentCommand()];
// The relay's part is by far the larger: who asks for the agent need not wait for it, nor keep it in memory.
if (process.argv[2] !== 'agent') {
  const { relayCommand } = await import('./relay/relay-command.ts');
  commands.unshift(relayCommand());
}
process.exitCode = await run(createProgram(commands), process.argv);
