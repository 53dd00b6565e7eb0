import type { Command } from 'commander';
import { print, printJson } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay mqtt revoke ID` */
export function revokeMqttCommand(): Command {
  return recordsSubcommand(
    'revoke',
    'Revoke an MQTT credential; a relay that runs ends its connections within ten seconds.',
  )
    .argument('<id>', 'as "porchlight relay mqtt list" shows it')
    .option('--json', 'answer in JSON, for machines')
    .action(async (id: string, { json }: { json?: true }, command: Command) => {
      await withRecords(command, ({ mqttCredentials }) => mqttCredentials.revoke(id));
      if (json === true) printJson({ id });
      else print(`revoked ${id}`);
    });
}
