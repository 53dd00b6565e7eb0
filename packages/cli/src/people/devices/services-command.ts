import type { Command } from 'commander';
import { named } from '../completion/index.ts';
import { show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { allOf, openSession, type PersonFlags } from '../session/index.ts';
import { serviceTable } from './device-command.ts';
import { findDevice } from './find-device.ts';

/** `porchlight services [NAME]` */
export function servicesCommand(): Command {
  return personCommand('services', 'List the services of your devices, or of one.')
    .addArgument(named('[name]', 'of this device only', 'device'))
    .action(async (name: string | undefined, flags: PersonFlags) => {
      const session = await openSession(flags);
      const devices =
        name === undefined ? await allOf(session.api.devices.all()) : [await findDevice(session, name)];
      const all = devices.flatMap((device) =>
        device.services.map((service) => ({ device: device.name, ...service })),
      );
      show(flags, {
        json: all,
        quiet: all.map((service) => `${service.device}/${service.name}`),
        text: () => (all.length === 0 ? 'no services' : serviceTable(devices, Date.now(), true)),
      });
    });
}
