import type { Command } from 'commander';
import { print } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';
import { newPassword, PASSWORD_OPTION } from './new-password.ts';

/** `porchlight relay user add NAME` */
export function addUserCommand(): Command {
  return recordsSubcommand('add', 'Make an account.')
    .argument('<name>')
    .option('--admin', 'may manage accounts')
    .option(...PASSWORD_OPTION)
    .action(async (name: string, options: { admin?: true; passwordStdin?: true }, command: Command) => {
      const password = await newPassword(name, options);
      const role = options.admin === true ? 'admin' : 'member';
      await withRecords(command, ({ accounts }) => accounts.create({ name, password, role }));
      print(`made the account ${name} (${role})`);
    });
}
