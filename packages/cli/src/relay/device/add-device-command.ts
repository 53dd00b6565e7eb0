import type { Command } from 'commander';
import { print, printJson } from '../../terminal/index.ts';
import { publicKeyFrom } from '../public-key-file.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

interface Flags {
  readonly account: string;
  readonly publicKey: string;
  readonly tag?: string[];
  readonly json?: true;
}

/** `porchlight relay device add NAME --account A --public-key FILE` */
export function addDeviceCommand(): Command {
  return recordsSubcommand('add', 'Enrol a device by its public key, before it has ever connected.')
    .argument('<name>')
    .requiredOption('--account <name>', 'whose device it will be')
    .requiredOption('--public-key <file>', 'its .pub file; - for standard input')
    .option('--tag <tag>', 'tag for the device; may be given several times', collect)
    .option('--json', 'answer in JSON, for machines')
    .action(async (name: string, flags: Flags, command: Command) => {
      const publicKey = await publicKeyFrom(flags.publicKey);
      const device = await withRecords(command, ({ devices }) =>
        devices.enrol(flags.account, { name, publicKey, tags: flags.tag ?? [] }),
      );
      if (flags.json === true) return printJson(device);
      print(`enrolled ${device.name} (${device.fingerprint}); it is let in when it comes`);
    });
}

function collect(one: string, before: string[] | undefined): string[] {
  return [...(before ?? []), one];
}
