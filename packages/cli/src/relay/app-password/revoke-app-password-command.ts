import type { Command } from 'commander';
import { print, printJson } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay app-password revoke ID` */
export function revokeAppPasswordCommand(): Command {
  return recordsSubcommand(
    'revoke',
    'Revoke an app password; a relay that runs ends its connections within ten seconds.',
  )
    .argument('<id>', 'as "porchlight relay app-password list" shows it')
    .option('--json', 'answer in JSON, for machines')
    .action(async (id: string, { json }: { json?: true }, command: Command) => {
      await withRecords(command, ({ appPasswords }) => appPasswords.revoke(id));
      if (json === true) printJson({ id });
      else print(`revoked ${id}`);
    });
}
