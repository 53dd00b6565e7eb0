import type { Command } from 'commander';
import { printJson } from '../../terminal/index.ts';
import { printListed } from '../mqtt/print-listed.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay app-password list [ACCOUNT]` */
export function listAppPasswordsCommand(): Command {
  return recordsSubcommand('list', 'List the app passwords of all accounts, or of one.')
    .argument('[account]', 'of this account only')
    .option('--json', 'answer in JSON, for machines')
    .action(async (account: string | undefined, { json }: { json?: true }, command: Command) => {
      const all = await withRecords(command, ({ appPasswords }) => appPasswords.list(account));
      if (json === true) printJson(all);
      else printListed(all);
    });
}
