import type { Command } from 'commander';
import { completionCommand } from './completion/index.ts';
import { deviceCommand, devicesCommand, servicesCommand, watchCommand } from './devices/index.ts';
import { doctorCommand } from './doctor/index.ts';
import { loginCommand, logoutCommand, whoamiCommand } from './login/index.ts';
import { logsCommand } from './logs/index.ts';
import { appsCommand, shareCommand, sharesCommand, tokensCommand, unshareCommand } from './programs/index.ts';
import { curlCommand, forwardCommand, openCommand, sshCommand, tcpCommand } from './reach/index.ts';
import { allowCommand, denyCommand, requestsCommand } from './requests/index.ts';

/**
 * What a person does with their devices, from anywhere: `porchlight login`, `devices`, …
 * @param allCommands makes the program with every command there is
 */
export function peopleCommands(allCommands: () => Promise<Command>): Command[] {
  return [
    ...group('You:', [loginCommand(), logoutCommand(), whoamiCommand()]),
    ...group('Your devices:', [
      devicesCommand(),
      deviceCommand(),
      servicesCommand(),
      watchCommand(),
      requestsCommand(),
      allowCommand(),
      denyCommand(),
    ]),
    ...group('Reach them:', [openCommand(), curlCommand(), sshCommand(), forwardCommand(), tcpCommand()]),
    ...group('Let others in:', [
      shareCommand(),
      sharesCommand(),
      unshareCommand(),
      appsCommand(),
      tokensCommand(),
    ]),
    ...group('Find out:', [logsCommand(), doctorCommand(), completionCommand(allCommands)]),
  ];
}

function group(title: string, commands: readonly Command[]): Command[] {
  return commands.map((command) => command.helpGroup(title));
}
