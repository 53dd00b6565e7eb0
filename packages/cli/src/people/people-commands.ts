import type { Command } from 'commander';
import { deviceCommand, devicesCommand, servicesCommand, watchCommand } from './devices/index.ts';
import { loginCommand, logoutCommand, whoamiCommand } from './login/index.ts';
import { allowCommand, denyCommand, requestsCommand } from './requests/index.ts';

/** What a person does with their devices, from anywhere: `porchlight login`, `devices`, … */
export function peopleCommands(): Command[] {
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
    watchCommand(),
  ];
}
