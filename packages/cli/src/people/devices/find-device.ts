import { didYouMean, isDeviceName, isServiceName } from '@porchlight/protocol';
import type { Device, Service } from '@porchlight/protocol/api';
import { sinceOf } from '@porchlight/protocol/words';
import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';
import { ownName } from '../../own-name.ts';
import { harmless } from '../../terminal/index.ts';
import type { Session } from '../session/index.ts';

/** The person's device of that present or former name. @throws CommandError */
export async function findDevice({ api }: Session, text: string): Promise<Device> {
  const name = text.toLowerCase();
  if (!isDeviceName(name)) {
    throw new CommandError(`"${harmless(text)}" is no device name`, {
      hint: `${ownName} devices lists yours`,
      exitCode: EXIT.usage,
    });
  }
  // Thousands of devices need not be read for one; former names and what was meant are looked for when that fails.
  for await (const device of api.devices.all({ search: name })) if (device.name === name) return device;
  const names: string[] = [];
  for await (const device of api.devices.all()) {
    // Names go into command lines of shells: none that the relay makes up does.
    if (!isDeviceName(device.name)) continue;
    if (device.name === name || device.formerNames.includes(name)) return device;
    names.push(device.name);
  }
  throw new CommandError(`you have no device "${name}"${didYouMean(name, names)}`, {
    hint: `${ownName} devices lists yours`,
  });
}

/** @throws CommandError that says since when the device is offline */
export function requireOnline(device: Device, now = Date.now()): void {
  const { link, name, blocked } = device;
  if (blocked)
    throw new CommandError(`${name} is blocked: its key is kept out`, {
      hint: 'unblock it in the console',
      exitCode: EXIT.linkDown,
    });
  if (link.up) return;
  const since = link.since === undefined ? '' : ` for ${sinceOf(device, now)}`;
  const why = link.reason === undefined ? '' : ` (${link.reason})`;
  throw new CommandError(
    link.since === undefined ? `${name} was never online` : `${name} is offline${since}${why}`,
    {
      hint: 'see whether it has power and internet; on the device: porchlight agent doctor',
      exitCode: EXIT.linkDown,
    },
  );
}

/** What a person writes for a service: `NAME/SERVICE`, or `NAME` alone. @throws CommandError */
export function parseTarget(text: string): { readonly device: string; readonly service: string | undefined } {
  const [device = '', service, ...more] = text.split('/');
  if (more.length === 0 && (service === undefined || isServiceName(service))) return { device, service };
  throw new CommandError(`"${harmless(text)}" is no service`, {
    hint: 'write NAME/SERVICE, as "services" lists them',
    exitCode: EXIT.usage,
  });
}

/** The service of that name; without one the only one that holds. @throws CommandError that lists those there are */
export function serviceOf(
  device: Device,
  name: string | undefined,
  holds: (service: Service) => boolean,
): Service {
  const there = device.services.filter(holds);
  const [only, ...others] = there;
  if (name === undefined && only !== undefined && others.length === 0) return only;
  const found = device.services.find((service) => service.name === name);
  if (found !== undefined && holds(found)) return found;
  const names = there.map((service) => service.name).join(', ');
  const problem =
    name === undefined
      ? there.length === 0
        ? `${device.name} has no web service`
        : `${device.name} has several services`
      : found === undefined
        ? `${device.name} has no service "${name}"`
        : `${name} of ${device.name} is of kind ${found.kind}, and has no web address`;
  const hint =
    names === '' ? `on the device: porchlight agent expose NAME http://HOST:PORT` : `there is: ${names}`;
  throw new CommandError(problem, { hint });
}
