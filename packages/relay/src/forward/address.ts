import { isIP } from 'node:net';
import type { PortTarget } from './device-ports.ts';
import { portOfTarget } from './port-target.ts';

/** Ports on devices behind which a web server usually is. */
const WEB_PORTS = new Set([80, 3000, 5000, 8000, 8080, 8081, 8888]);
const TLS_PORTS = new Set([443, 8443]);

/** What a person types to use a forward: an ssh command, a web address, or host and port. */
export function addressFor(
  host: string,
  port: number,
  of: { readonly target: PortTarget; readonly isWeb: boolean },
): string {
  const devicePort = portOfTarget(of.target);
  if (devicePort === 22) return `ssh -p ${port} root@${host}`;
  const place = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  if (devicePort !== undefined && TLS_PORTS.has(devicePort)) return `https://${place}/`;
  return of.isWeb || (devicePort !== undefined && WEB_PORTS.has(devicePort)) ? `http://${place}/` : place;
}
