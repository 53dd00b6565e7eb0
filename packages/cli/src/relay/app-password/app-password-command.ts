import { Command } from 'commander';
import { addAppPasswordCommand } from './add-app-password-command.ts';
import { listAppPasswordsCommand } from './list-app-passwords-command.ts';
import { revokeAppPasswordCommand } from './revoke-app-password-command.ts';

/** `porchlight relay app-password …`: passwords for programs that act for an account at the MQTT broker. */
export function appPasswordCommand(): Command {
  const appPassword = new Command('app-password').description(
    'App passwords, for programs that speak MQTT in the name of an account; the relay may go on running.',
  );
  for (const create of [addAppPasswordCommand, listAppPasswordsCommand, revokeAppPasswordCommand]) {
    appPassword.addCommand(create());
  }
  return appPassword;
}
