import type { Command } from 'commander';
import { print, printJson, table } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay path list` */
export function listPathsCommand(): Command {
  return recordsSubcommand('list', 'List what is published under a path, of all accounts.')
    .option('--json', 'answer in JSON, for machines')
    .action(async ({ json }: { json?: true }, command: Command) => {
      const all = await withRecords(command, ({ paths }) => paths.list());
      if (json === true) return printJson(all);
      const rows = all.map(({ prefix, device, service, account, strip }) => [
        ...[prefix, `${device}/${service}`, account, strip ? 'prefix removed' : 'unchanged'],
      ]);
      print(table([['PREFIX', 'SERVICE', 'ACCOUNT', 'PATH'], ...rows]));
    });
}
