import type { Command } from 'commander';
import { printJson } from '../../terminal/index.ts';
import { printMade } from '../mqtt/print-made.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay app-password add ACCOUNT NAME` */
export function addAppPasswordCommand(): Command {
  return recordsSubcommand('add', 'Make an app password; it is shown here and never again.')
    .argument('<account>', 'in whose name a program will speak')
    .argument('<name>', 'what will use it')
    .option('--device <name>', 'the device that it stands for, where an account has several homes')
    .option('--json', 'answer in JSON, for machines')
    .action(
      async (
        account: string,
        name: string,
        { device, json }: { device?: string; json?: true },
        command: Command,
      ) => {
        const made = await withRecords(command, ({ appPasswords }) =>
          appPasswords.make(account, name, device),
        );
        if (json === true) printJson(made);
        else printMade(made);
      },
    );
}
