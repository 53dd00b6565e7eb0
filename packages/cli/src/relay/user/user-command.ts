import { Command } from 'commander';
import { addUserCommand } from './add-user-command.ts';
import { listUsersCommand } from './list-users-command.ts';
import { removeUserCommand } from './remove-user-command.ts';
import { userKeyCommand } from './user-key-command.ts';
import { userPasswordCommand } from './user-password-command.ts';
import { userRoleCommand } from './user-role-command.ts';

/** `porchlight relay user …`: works on the records, beside a running relay too. */
export function userCommand(): Command {
  const user = new Command('user').description('Accounts of this relay; it may go on running.');
  for (const create of [
    addUserCommand,
    listUsersCommand,
    userRoleCommand,
    userPasswordCommand,
    removeUserCommand,
    userKeyCommand,
  ])
    user.addCommand(create());
  return user;
}
