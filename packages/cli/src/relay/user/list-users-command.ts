import type { Command } from 'commander';
import { print, printJson, table } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay user list` */
export function listUsersCommand(): Command {
  return recordsSubcommand('list', 'List the accounts.')
    .option('--json', 'answer in JSON, for machines')
    .action(async ({ json }: { json?: true }, command: Command) => {
      const all = await withRecords(command, ({ accounts }) => accounts.list());
      if (json === true) printJson(all);
      else print(table([['NAME', 'ROLE'], ...all.map(({ name, role }) => [name, role])]));
    });
}
