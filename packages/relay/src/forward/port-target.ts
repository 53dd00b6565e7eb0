import type { AnnouncedService } from '@porchlight/protocol';
import type { PortTarget } from './device-ports.ts';

/** Names that a service on a port commonly has. */
const NAMES = new Map<number, readonly string[]>([
  [22, ['ssh']],
  [80, ['http', 'web']],
]);
const NUMBER = /^[0-9]+$/;
const PORT = /^[1-9][0-9]{0,4}$/;

/** The service that a target means, of those that are offered: see {@link PortTarget}. */
export function offeredService(
  services: readonly AnnouncedService[],
  target: PortTarget,
): AnnouncedService | undefined {
  const named = (name: string) => services.find((one) => one.name === name);
  const onPort = (wanted: number) => {
    const found = services.filter(({ port }) => port === wanted);
    return found.find(({ kind }) => kind === 'tcp') ?? found[0];
  };
  if ('service' in target) {
    const port = portOfTarget(target);
    // What a device opened because it was asked for has no name but its number. What has a name of its own is another
    // service, which somebody who may reach this one may not.
    const asked = services.find((one) => port !== undefined && one.port === port && NUMBER.test(one.name));
    return named(target.service) ?? asked;
  }
  const byPort = onPort(target.port) ?? named(String(target.port));
  if (byPort !== undefined) return byPort;
  for (const name of NAMES.get(target.port) ?? []) {
    const found = named(name);
    // A service that says it is elsewhere is not on this port, whatever its name.
    if (found !== undefined && found.port === undefined) return found;
  }
  return undefined;
}

/** The TCP port on the device that a target means; undefined: a service's name does not tell. */
export function portOfTarget(target: PortTarget): number | undefined {
  if ('port' in target) return target.port;
  const number = PORT.test(target.service) ? Number(target.service) : undefined;
  if (number !== undefined) return number <= 65_535 ? number : undefined;
  for (const [port, names] of NAMES) if (names.includes(target.service)) return port;
  return undefined;
}

/** `port 22`, or the service's name in quotes: for messages. */
export function describeTarget(target: PortTarget): string {
  return 'port' in target ? `port ${target.port}` : `"${target.service}"`;
}
