import type { Command } from 'commander';
import { print } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';
import { newPassword, PASSWORD_OPTION } from './new-password.ts';

/** `porchlight relay user password NAME` */
export function userPasswordCommand(): Command {
  return recordsSubcommand('password', 'Set a new password and end the sessions of an account.')
    .argument('<name>')
    .option(...PASSWORD_OPTION)
    .action(async (name: string, options: { passwordStdin?: true }, command: Command) => {
      const password = await newPassword(name, options);
      await withRecords(command, ({ accounts }) => accounts.setPassword(name, password));
      print(`set a new password for ${name}`);
    });
}
