import { Argument, type Command } from 'commander';
import { print } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay user role NAME ROLE` */
export function userRoleCommand(): Command {
  return recordsSubcommand('role', 'Say whether an account may manage the others.')
    .argument('<name>')
    .addArgument(new Argument('<role>').choices(['admin', 'member']))
    .action(async (name: string, role: 'admin' | 'member', _options: unknown, command: Command) => {
      await withRecords(command, ({ accounts }) => accounts.setRole(name, role));
      print(`${name} is ${role} now`);
    });
}
