import { Command, CommanderError } from 'commander';
import packageFile from '../package.json' with { type: 'json' };
import { reportError } from './command-error.ts';
import { applyEnvironment } from './environment-twins.ts';
import { EXIT, EXIT_CODES_IN_WORDS } from './exit-code.ts';

/** The `porchlight` command with these subcommands. */
export function createProgram(commands: readonly Command[]): Command {
  const program = new Command('porchlight')
    .description('Reach the devices you left at home, with the clients you already have.')
    .version(packageFile.version)
    .showHelpAfterError('hint: add --help for help')
    .exitOverride()
    // "relay" and its subcommands have the same flags: those behind a subcommand's name are the subcommand's.
    .enablePositionalOptions()
    .hook('preAction', (_program, action) => applyEnvironment(action, process.env))
    .addHelpText('after', `\nExit codes:\n${exitCodes()}`);
  for (const command of commands) program.addCommand(command);
  inherit(program);
  return program;
}

/** Runs a command line; gives the exit code. Whatever the command opened is closed when this resolves. */
export function run(program: Command, argv: readonly string[]): Promise<number> {
  return runToEnd(async () => {
    await program.parseAsync([...argv]);
  });
}

/** A reader of standard output that has seen enough, such as `head`, is no failure. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed);
  });
}

/** Runs what a command line means; errors are told, and become exit codes. */
export async function runToEnd(work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return process.exitCode === undefined ? EXIT.done : Number(process.exitCode);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    // Ctrl-C ended what was waited for: whoever pressed it knows.
    if (error instanceof Error && error.name === 'AbortError') return EXIT.stopped;
    return reportError(error);
  }
}

function exitCodes(): string {
  return EXIT_CODES_IN_WORDS.map(([code, meaning]) => `  ${String(code).padEnd(5)}${meaning}`).join('\n');
}

/** Commands that are made apart and added take over nothing by themselves. */
function inherit(parent: Command): void {
  for (const child of parent.commands) {
    child.copyInheritedSettings(parent);
    inherit(child);
  }
}
