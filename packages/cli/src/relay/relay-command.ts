import { Command } from 'commander';
import { appPasswordCommand } from './app-password/app-password-command.ts';
import { backupCommand } from './backup-command.ts';
import { deviceCommand } from './device/device-command.ts';
import { installLineCommand } from './install-line-command.ts';
import { mqttCommand } from './mqtt/mqtt-command.ts';
import { pathCommand } from './path/path-command.ts';
import { addRelayOptions } from './relay-options.ts';
import { restoreCommand } from './restore-command.ts';
import { runRelay } from './run-relay.ts';
import { tokenCommand } from './token/token-command.ts';
import { userCommand } from './user/user-command.ts';

/** `porchlight relay …`; without a subcommand it runs the relay. */
export function relayCommand(): Command {
  const relay = new Command('relay')
    .description('Run the relay: the server on the internet that devices dial out to.')
    // Otherwise the relay would take the flags behind its subcommands for its own.
    .enablePositionalOptions();
  addRelayOptions(relay).action((_options: unknown, command: Command) => runRelay(command));
  for (const create of [
    userCommand,
    deviceCommand,
    tokenCommand,
    mqttCommand,
    appPasswordCommand,
    pathCommand,
    installLineCommand,
    backupCommand,
    restoreCommand,
  ])
    relay.addCommand(create());
  return relay;
}
