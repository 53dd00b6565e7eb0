import { isDeviceName, isServiceName } from '@porchlight/protocol';
import type { PortTarget } from '../forward/index.ts';

/** What a person wants to reach: a device by its name, and on it a port or a service by its name. */
export interface Destination {
  readonly device: string;
  readonly target: PortTarget;
}

/**
 * Reads host and port of a `direct-tcpip` channel (RFC 4254 §7.2): `DEVICE` with a TCP port of the device, or
 * `SERVICE.DEVICE`, whose port means nothing. Case does not count. Undefined: no name of a device.
 */
export function parseDestination(host: string, port: number): Destination | undefined {
  const parts = host.toLowerCase().split('.');
  const device = parts.pop() ?? '';
  if (!isDeviceName(device)) return undefined;
  const [service, ...more] = parts;
  if (service === undefined) {
    return Number.isInteger(port) && port >= 1 && port <= 65_535 ? { device, target: { port } } : undefined;
  }
  return more.length === 0 && isServiceName(service) ? { device, target: { service } } : undefined;
}
