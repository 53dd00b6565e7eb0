import { createProgram, run } from './program.ts';

const commands = await commandsFor(process.argv[2]);
process.exitCode = await run(createProgram(commands), process.argv);

/** The relay's part is by far the largest, then the agent's: who asks for another need not wait for them. */
async function commandsFor(name: string | undefined) {
  const { peopleCommands } = await import('./people/people-commands.ts');
  const people = peopleCommands();
  if (people.some((command) => command.name() === name)) return people;
  const { agentCommand } = await import('./agent/agent-command.ts');
  if (name === 'agent') return [agentCommand()];
  const { relayCommand } = await import('./relay/relay-command.ts');
  return [relayCommand(), agentCommand(), ...people];
}
