import type { Command } from 'commander';
import { peopleCommands } from './people/people-commands.ts';
import { createProgram } from './program.ts';

/** What runs on machines, not for people. */
const MACHINES = 'On a device, on a server:';

/** The whole `porchlight` command. */
export async function everyCommand(): Promise<Command> {
  const [{ relayCommand }, { agentCommand }] = await Promise.all([
    import('./relay/relay-command.ts'),
    import('./agent/agent-command.ts'),
  ]);
  return createProgram([
    ...peopleCommands(everyCommand),
    agentCommand().helpGroup(MACHINES),
    relayCommand().helpGroup(MACHINES),
  ]);
}

/**
 * The `porchlight` command, with as much of it as a command line needs that begins with this word: the relay's part is
 * by far the largest, then the agent's, and who asks for another need not wait for them.
 */
export async function programFor(word: string | undefined): Promise<Command> {
  const people = peopleCommands(everyCommand);
  if (people.some((command) => command.name() === word)) return createProgram(people);
  if (word !== 'agent') return everyCommand();
  const { agentCommand } = await import('./agent/agent-command.ts');
  return createProgram([agentCommand()]);
}
