import { type Command, Option } from 'commander';
import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';
import { print, printJson } from '../../terminal/index.ts';
import { printMade } from '../mqtt/print-made.ts';
import { publicKeyFrom } from '../public-key-file.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

interface Flags {
  readonly account: string;
  readonly publicKey?: string;
  readonly mqttOnly?: true;
  readonly tag?: string[];
  readonly json?: true;
}

/** `porchlight relay device add NAME --account A (--public-key FILE | --mqtt-only)` */
export function addDeviceCommand(): Command {
  return recordsSubcommand('add', 'Enrol a device before it has ever connected.')
    .argument('<name>')
    .requiredOption('--account <name>', 'whose device it will be')
    .addOption(
      new Option('--public-key <file>', 'by its .pub file; - for standard input').conflicts('mqttOnly'),
    )
    .option('--mqtt-only', 'it speaks only MQTT: its password is shown here and never again')
    .option('--tag <tag>', 'tag for the device; may be given several times', collect)
    .option('--json', 'answer in JSON, for machines')
    .action(async (name: string, flags: Flags, command: Command) => {
      if (flags.mqttOnly === true) return addWithoutKey(name, flags, command);
      if (flags.publicKey === undefined) {
        throw new CommandError('how the device comes in was not said', {
          hint: 'give --public-key FILE, or --mqtt-only for a device that speaks only MQTT',
          exitCode: EXIT.usage,
        });
      }
      const publicKey = await publicKeyFrom(flags.publicKey);
      const device = await withRecords(command, ({ devices }) =>
        devices.enrol(flags.account, { name, publicKey, tags: flags.tag ?? [] }),
      );
      if (flags.json === true) return printJson(device);
      print(`enrolled ${device.name} (${device.fingerprint}); it is let in when it comes`);
    });
}

async function addWithoutKey(name: string, flags: Flags, command: Command): Promise<void> {
  const { device, made } = await withRecords(command, async ({ devices, mqttCredentials }) => {
    const device = await devices.enrolWithoutKey(flags.account, { name, tags: flags.tag ?? [] });
    return { device, made: await mqttCredentials.make(device.name, 'made with it') };
  });
  const { username, password } = made;
  if (flags.json === true) return printJson({ ...device, mqtt: { id: made.id, username, password } });
  printMade(made);
}

function collect(one: string, before: string[] | undefined): string[] {
  return [...(before ?? []), one];
}
