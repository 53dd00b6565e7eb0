import type { Command } from 'commander';
import { print } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay token revoke ID` */
export function revokeTokenCommand(): Command {
  return recordsSubcommand('revoke', 'End an enrolment token; devices that it let in stay.')
    .argument('<id>', 'as "porchlight relay token list" shows it')
    .action(async (id: string, _options: unknown, command: Command) => {
      await withRecords(command, ({ enrolmentTokens }) => enrolmentTokens.revoke(id));
      print(`revoked ${id}`);
    });
}
