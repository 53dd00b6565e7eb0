import { isIP } from 'node:net';
import { parseRequestPath, type ServiceKind } from '@porchlight/protocol';
import { ConfigError, quoted } from './config-error.ts';
import { isForbiddenAddress } from './forbidden-address.ts';

/** Where a service leads. */
export interface Target {
  readonly kind: ServiceKind;
  /** The local server speaks TLS (`https:`). */
  readonly tls: boolean;
  /** Name or address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path before that of each request: empty, or `/…` without a slash at its end. */
  readonly basePath: string;
  /** In one normal form, for people and for `agent.yaml`. */
  readonly text: string;
}

const TARGET_MAX = 512;
const FORM = /^(https?|tcp):\/\/(\[[0-9a-fA-F:.]+\]|[^/?#@\\[\]\s:]+)(?::([0-9]{1,5}))?(\/[^?#\\\s]*)?$/;
const HOST = /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/;
const HINT = 'write http://HOST:PORT/PATH, https://HOST:PORT/PATH or tcp://HOST:PORT';

/**
 * Reads a target: `http://host[:port][/path]`, `https://…` or `tcp://host:port`.
 * @throws ConfigError also for an address that {@link isForbiddenAddress}; a name has to be checked when it is resolved
 */
export function parseTarget(text: string): Target {
  const match = text.length <= TARGET_MAX ? FORM.exec(text) : null;
  if (match === null) throw new ConfigError(`${quoted(text)} is no target: ${HINT}`);
  const [, scheme = '', rawHost = '', rawPort, path = ''] = match;
  const kind = scheme === 'tcp' ? 'tcp' : 'http';
  const host = parseHost(rawHost, text);
  const port = parsePort(rawPort, scheme, text);
  if (kind === 'tcp' && path !== '')
    throw new ConfigError(`${quoted(text)}: a tcp target has no path: ${HINT}`);
  const basePath = parseBasePath(path, text);
  const shownHost = isIP(host) === 6 ? `[${host}]` : host;
  return {
    kind,
    tls: scheme === 'https',
    host,
    port,
    basePath,
    text: `${scheme}://${shownHost}:${port}${basePath}`,
  };
}

/** The WHATWG parser turns every disguise of an IPv4 address into its plain form, as the system's resolver would. */
function parseHost(raw: string, text: string): string {
  const url = URL.parse(`http://${raw}/`);
  const host = url?.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '') ?? '';
  if (isIP(host) === 0 && (host.length > 253 || !HOST.test(host))) {
    throw new ConfigError(`${quoted(text)}: ${quoted(raw)} is no host name or address: ${HINT}`);
  }
  if (isIP(host) !== 0 && isForbiddenAddress(host)) {
    throw new ConfigError(
      `${quoted(text)}: link-local, metadata, multicast and unspecified addresses are never exposed: name the device's own address, e.g. 127.0.0.1`,
    );
  }
  return host;
}

function parsePort(raw: string | undefined, scheme: string, text: string): number {
  if (raw === undefined && scheme === 'tcp') throw new ConfigError(`${quoted(text)} has no port: ${HINT}`);
  const port = raw === undefined ? (scheme === 'https' ? 443 : 80) : Number(raw);
  if (port < 1 || port > 65_535)
    throw new ConfigError(`${quoted(text)}: the port is not 1 to 65535: ${HINT}`);
  return port;
}

function parseBasePath(path: string, text: string): string {
  if (path === '' || path === '/') return '';
  const parsed = parseRequestPath(path);
  if (!parsed.ok) throw new ConfigError(`${quoted(text)}: ${parsed.reason}: write the plain path`);
  return path.replace(/\/$/, '');
}
