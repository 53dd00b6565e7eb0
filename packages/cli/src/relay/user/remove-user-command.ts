import type { Command } from 'commander';
import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';
import { confirm, print } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay user remove NAME` */
export function removeUserCommand(): Command {
  return recordsSubcommand('remove', 'Remove an account with its devices. There is no way back.')
    .argument('<name>')
    .option('--yes', 'do not ask first')
    .action(async (name: string, { yes }: { yes?: true }, command: Command) => {
      if (yes !== true) await askFirst(name);
      await withRecords(command, ({ accounts }) => accounts.remove(name));
      print(`removed ${name}; a relay that runs lets go of its devices within ten seconds`);
    });
}

async function askFirst(name: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new CommandError('nobody is here to ask', {
      hint: 'say --yes to remove it without asking',
      exitCode: EXIT.usage,
    });
  }
  if (!(await confirm(`Remove ${name} with all its devices?`))) {
    throw new CommandError('nothing was removed');
  }
}
