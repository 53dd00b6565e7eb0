import type { Command } from 'commander';
import { print } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay device block NAME` */
export function blockDeviceCommand(): Command {
  return recordsSubcommand('block', "Keep a device's key out; what is known of it stays.")
    .argument('<name>')
    .action(async (name: string, _options: unknown, command: Command) => {
      const done = await withRecords(command, ({ devices }) => devices.setBlocked(name, true));
      print(
        done
          ? `blocked ${name}; a relay that runs ends its link within ten seconds`
          : `${name} was blocked already`,
      );
    });
}

/** `porchlight relay device unblock NAME` */
export function unblockDeviceCommand(): Command {
  return recordsSubcommand('unblock', "Let a blocked device's key in again.")
    .argument('<name>')
    .action(async (name: string, _options: unknown, command: Command) => {
      const done = await withRecords(command, ({ devices }) => devices.setBlocked(name, false));
      print(done ? `unblocked ${name}; it is let in when it next comes` : `${name} was not blocked`);
    });
}
