import type { Command } from 'commander';
import { printJson } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';
import { printMade } from './print-made.ts';

/** `porchlight relay mqtt add DEVICE` */
export function addMqttCommand(): Command {
  return recordsSubcommand('add', 'Make an MQTT credential; its password is shown here and never again.')
    .argument('<device>', 'which signs in with it')
    .option('--name <name>', 'what will use it')
    .option('--json', 'answer in JSON, for machines')
    .action(async (device: string, { name, json }: { name?: string; json?: true }, command: Command) => {
      const made = await withRecords(command, ({ mqttCredentials }) => mqttCredentials.make(device, name));
      if (json === true) printJson(made);
      else printMade(made);
    });
}
