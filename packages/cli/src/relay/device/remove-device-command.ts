import type { Command } from 'commander';
import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';
import { confirm, print } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay device remove NAME` */
export function removeDeviceCommand(): Command {
  return recordsSubcommand('remove', 'Remove a device with its history; its name stays with the account.')
    .argument('<name>')
    .option('--yes', 'do not ask first')
    .action(async (name: string, { yes }: { yes?: true }, command: Command) => {
      if (yes !== true) await askFirst(name);
      await withRecords(command, ({ devices }) => devices.remove(name));
      print(`removed ${name}; a relay that runs ends its link within ten seconds`);
    });
}

async function askFirst(name: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new CommandError('nobody is here to ask', {
      hint: 'say --yes to remove it without asking',
      exitCode: EXIT.usage,
    });
  }
  if (!(await confirm(`Remove the device ${name} with its history?`))) {
    throw new CommandError('nothing was removed');
  }
}
