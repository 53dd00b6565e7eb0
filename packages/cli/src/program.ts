import { VERSION } from '@porchlight/agent';
import { Command, CommanderError } from 'commander';
import { reportError } from './output.ts';

export function createProgram(commands: readonly Command[]): Command {
  const program = new Command('porchlight')
    .description('Reach the devices you left at home, with the clients you already have.')
    .version(VERSION)
    .showHelpAfterError('(add --help for help)')
    .configureHelp({ showGlobalOptions: false });
  for (const command of commands) program.addCommand(command);
  exitByException(program);
  return program;
}

/** Runs a command line; gives the exit code. Wrong usage is 2. */
export async function run(program: Command, argv: readonly string[]): Promise<number> {
  try {
    await program.parseAsync([...argv]);
    return process.exitCode === undefined ? 0 : Number(process.exitCode);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportError(error);
  }
}

function exitByException(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) exitByException(child);
}
