import type { Command } from 'commander';
import { printJson } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';
import { printListed } from './print-listed.ts';

/** `porchlight relay mqtt list [DEVICE]` */
export function listMqttCommand(): Command {
  return recordsSubcommand('list', 'List the MQTT credentials of all devices, or of one.')
    .argument('[device]', 'of this device only')
    .option('--json', 'answer in JSON, for machines')
    .action(async (device: string | undefined, { json }: { json?: true }, command: Command) => {
      const all = await withRecords(command, ({ mqttCredentials }) => mqttCredentials.list(device));
      if (json === true) printJson(all);
      else printListed(all);
    });
}
