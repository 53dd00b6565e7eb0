import { isIP } from 'node:net';
import { isLoopbackName } from '../config/index.ts';
import type { PortTarget } from './device-ports.ts';
import { portOfTarget } from './port-target.ts';

/** Ports on devices behind which a web server usually is. */
const WEB_PORTS = new Set([80, 3000, 5000, 8000, 8080, 8081, 8888]);
const TLS_PORTS = new Set([443, 8443]);

/** What a person types to use a forward: an ssh command, a web address, or host and port. */
export function addressFor(forward: {
  /** Name or address of the relay. */
  readonly host: string;
  readonly port: number;
  readonly domain: string;
  readonly target: PortTarget;
  /** The service is known to be a web server. */
  readonly isWeb: boolean;
}): string {
  const { host, port, target, isWeb } = forward;
  const devicePort = portOfTarget(target);
  if (devicePort === 22) return `ssh -p ${port} root@${host}`;
  if (devicePort !== undefined && TLS_PORTS.has(devicePort)) return `https://${webHost(forward)}:${port}/`;
  if (isWeb || (devicePort !== undefined && WEB_PORTS.has(devicePort)))
    return `http://${webHost(forward)}:${port}/`;
  return `${inUrl(host)}:${port}`;
}

/**
 * A browser sends cookies to every port of a host (RFC 6265 §8.5): at the console's own name the device would get the
 * session of whoever looks at its page. So web pages get a name that nothing else has.
 */
function webHost({ host, port, domain }: { host: string; port: number; domain: string }): string {
  const isConsoles = host === domain || (host === 'localhost' && isLoopbackName(domain));
  return isConsoles ? `port-${port}.${domain}` : inUrl(host);
}

function inUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}
