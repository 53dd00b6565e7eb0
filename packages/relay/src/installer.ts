import type { Installer } from '@porchlight/protocol';
import { isLoopbackName, type RelayConfig } from './config/index.ts';
import { PHONE_HOME_PATH } from './console/index.ts';
import type { Ports } from './listeners/index.ts';

/**
 * Where devices with nothing but ssh find the installer and the relay, from the configuration alone: what a request
 * says of its own host would let a visitor choose where other people's devices connect. Undefined: no port is known at
 * which SSH is taken, or none for the file.
 *
 * @param ports those that are open, or are going to be
 */
export function installerOf(
  config: RelayConfig,
  ports: Ports,
  parts: { readonly hostKey: string; readonly sha256: string; readonly ownAuthority: boolean },
): Installer | undefined {
  const { domain } = config;
  const outside = (name: 'http' | 'https' | 'ssh'): number | undefined =>
    config[name].publicPort ?? ports[name];
  // The HTTPS port takes SSH too, told apart by its first bytes; not if it is another program's.
  const ssh = outside('ssh') ?? (ports.https === undefined ? undefined : outside('https'));
  const http = reachesHttp(config) ? outside('http') : undefined;
  const https = outside('https');
  if (ssh === undefined || (http === undefined && https === undefined)) return undefined;
  const origin =
    http === undefined
      ? `https://${domain}${https === 443 ? '' : `:${https}`}`
      : `http://${domain}${http === 80 ? '' : `:${http}`}`;
  return { ...parts, url: `${origin}${PHONE_HOME_PATH}`, address: `${domain}:${ssh}` };
}

/** Behind a reverse proxy plain HTTP listens on loopback only, and what is outside is the proxy's affair. */
function reachesHttp({ domain, http }: RelayConfig): boolean {
  if (http.publicPort !== undefined || isLoopbackName(domain)) return true;
  return http.host === undefined || !/^(?:127\.|::1$|localhost$)/.test(http.host);
}
