import type { ServiceSettings } from '../config/index.ts';

/** Hosts of targets that are this machine itself. */
const OWN = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/**
 * Where services that are open on the LAN are found there, by name. `auto`: a local server is taken to listen on the
 * LAN too, with the port that it has; another machine's is found at its own address.
 */
export function lanServices(
  services: ReadonlyMap<string, Pick<ServiceSettings, 'lan' | 'target'>>,
  host: string,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, { lan, target }] of services) {
    if (lan === undefined) continue;
    const own = target.host === host || OWN.test(target.host) ? host : target.host;
    const scheme = target.kind === 'tcp' ? 'tcp' : target.tls ? 'https' : 'http';
    if (lan !== 'auto') found.set(name, lan);
    else found.set(name, addressOf(scheme, own, target.port));
  }
  return found;
}

/** As browsers write it: without the port that the scheme has by itself. */
function addressOf(scheme: string, host: string, port: number): string {
  const url = new URL(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`);
  return scheme === 'tcp' ? `tcp://${url.host}` : url.origin;
}
