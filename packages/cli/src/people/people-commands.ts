import type { Command } from 'commander';
import { completionCommand } from './completion/index.ts';
import { deviceCommand, devicesCommand, servicesCommand, watchCommand } from './devices/index.ts';
import { doctorCommand } from './doctor/index.ts';
import { loginCommand, logoutCommand, whoamiCommand } from './login/index.ts';
import { logsCommand } from './logs/index.ts';
import { curlCommand, openCommand } from './reach/index.ts';
import { allowCommand, denyCommand, requestsCommand } from './requests/index.ts';

/**
 * What a person does with their devices, from anywhere: `porchlight login`, `devices`, …
 * @param allCommands makes the program with every command there is
 */
export function peopleCommands(allCommands: () => Promise<Command>): Command[] {
  return [
    loginCommand(),
    logoutCommand(),
    whoamiCommand(),
    devicesCommand(),
    deviceCommand(),
    servicesCommand(),
    requestsCommand(),
    allowCommand(),
    denyCommand(),
    openCommand(),
    curlCommand(),
    watchCommand(),
    logsCommand(),
    doctorCommand(),
    completionCommand(allCommands),
  ];
}
