import { serviceLabel } from '@porchlight/protocol';
import type { RelayFacts } from './api/index.ts';
import { isLoopbackName, type RelayConfig } from './config/index.ts';
import { type InstallFiles, LINK_WEBSOCKET_PATH } from './console/index.ts';
import { installerOf } from './installer.ts';
import type { Ports } from './listeners/index.ts';
import type { HostKey } from './ssh/index.ts';
import { VERSION } from './version.ts';

/** What the relay tells of itself; ports as seen from outside, known once the listeners are open. */
export function createRelayFacts(parts: {
  config: RelayConfig;
  hostKey: HostKey;
  installFiles: InstallFiles;
  startedAt: number;
  caPem: () => string | undefined;
}): RelayFacts & { readonly httpsPort: number | undefined; setPorts(ports: Ports): void } {
  const { config, hostKey, installFiles, startedAt } = parts;
  const { domain } = config;
  let ports: Ports = { http: undefined, https: undefined, ssh: undefined };
  const outside = (name: 'http' | 'https' | 'ssh' | 'mqtts'): number | undefined =>
    config[name].publicPort ?? ports[name];
  /** On a loopback name plain HTTP is as safe, and a browser shows no warning. */
  const base = (): { scheme: 'http' | 'https'; port: string } => {
    const http = outside('http');
    const https = outside('https');
    if (https === undefined || (isLoopbackName(domain) && http !== undefined)) {
      return { scheme: 'http', port: http === 80 || http === undefined ? '' : `:${http}` };
    }
    return { scheme: 'https', port: https === 443 ? '' : `:${https}` };
  };
  return {
    version: VERSION,
    domain,
    startedAt,
    hostKey: hostKey.publicKey,
    hostKeyFingerprint: hostKey.fingerprint,
    websocketPath: LINK_WEBSOCKET_PATH,
    agentSha256: installFiles.agentSha256,
    localAuthority: parts.caPem() !== undefined,
    get origin() {
      const { scheme, port } = base();
      return `${scheme}://${domain}${port}`;
    },
    get sshPort() {
      return outside('ssh');
    },
    get mqttsPort() {
      return outside('mqtts');
    },
    get installer() {
      return installerOf(config, ports, {
        hostKey: hostKey.publicKey,
        sha256: installFiles.phoneHomeSha256,
        ownAuthority: parts.caPem() !== undefined,
      });
    },
    get httpsPort() {
      return outside('https');
    },
    serviceUrl(service, device, overTls = false) {
      const https = outside('https');
      const { scheme, port } = overTls
        ? { scheme: 'https', port: https === 443 || https === undefined ? '' : `:${https}` }
        : base();
      return `${scheme}://${serviceLabel(service, device)}.${domain}${port}/`;
    },
    pathUrl(prefix) {
      const { scheme, port } = base();
      return `${scheme}://${config.paths.host ?? domain}${port}${prefix}/`;
    },
    get paths() {
      const { host, insecureOnConsole, insecureForMembers } = config.paths;
      if (host === undefined && !insecureOnConsole) return undefined;
      const { scheme, port } = base();
      const origin = `${scheme}://${host ?? domain}${port}`;
      return { origin, onConsole: insecureOnConsole, forMembers: insecureForMembers };
    },
    setPorts(opened) {
      ports = opened;
    },
  };
}
