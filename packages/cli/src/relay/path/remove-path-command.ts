import type { Command } from 'commander';
import { print } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay path remove PREFIX` */
export function removePathCommand(): Command {
  return recordsSubcommand('remove', 'End a path; its first part stays reserved for the account.')
    .argument('<prefix>')
    .action(async (prefix: string, _options: unknown, command: Command) => {
      await withRecords(command, ({ paths }) => paths.remove(prefix));
      print(`ended ${prefix}`);
    });
}
