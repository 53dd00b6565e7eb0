import type { Command } from 'commander';
import { twinned } from '../../environment-twins.ts';
import { harmless, print, printJson } from '../../terminal/index.ts';
import { named } from '../completion/index.ts';
import { findDevice, parseTarget, serviceOf } from '../devices/index.ts';
import { openInBrowser } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { openSession, type PersonFlags } from '../session/index.ts';

interface Flags extends PersonFlags {
  readonly print?: boolean;
}

/** `porchlight open NAME[/SERVICE]` */
export function openCommand(): Command {
  return personCommand('open', "Open a device's web service in the browser.")
    .addArgument(named('<target>', 'NAME/SERVICE, or NAME when it has one web service', 'service'))
    .addOption(twinned('--print', 'only print the address', 'PORCHLIGHT_PRINT'))
    .action(async (text: string, flags: Flags) => {
      const target = parseTarget(text);
      const device = await findDevice(await openSession(flags), target.device);
      const { name, url } = serviceOf(device, target.service, (service) => service.url !== undefined);
      const address = url ?? '';
      if (flags.json === true) return printJson({ device: device.name, service: name, url: address });
      if (flags.print === true || !(await openInBrowser(address))) return print(harmless(address));
      if (flags.quiet !== true) print(`opened ${harmless(address)}`);
    });
}
