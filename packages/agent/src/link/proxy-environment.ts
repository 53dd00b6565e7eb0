import net from 'node:net';

/** An HTTP proxy that the environment asks for. */
export interface ProxySettings {
  readonly host: string;
  readonly port: number;
  /** `user:password`, decoded. */
  readonly credentials: string | undefined;
}

/**
 * The proxy for a host and port, from `HTTPS_PROXY`, `https_proxy`, `ALL_PROXY` or `all_proxy`, unless `NO_PROXY`
 * excludes it. Loopback is never asked for through a proxy.
 *
 * `NO_PROXY` is a list with commas or spaces: `*`; a domain, which stands for what is below it too, with or without
 * `.` or `*.` before it; an address; a network as `10.0.0.0/8`; each with or without `:port`.
 * @throws Error when the variable is no `http://` address
 */
export function proxyFor(
  { host, port }: { readonly host: string; readonly port: number },
  environment: Readonly<Record<string, string | undefined>>,
): ProxySettings | undefined {
  const { HTTPS_PROXY, https_proxy, ALL_PROXY, all_proxy, NO_PROXY, no_proxy } = environment;
  const text = [HTTPS_PROXY, https_proxy, ALL_PROXY, all_proxy].find(
    (value) => value !== undefined && value !== '',
  );
  if (text === undefined || isLoopback(host.toLowerCase())) return undefined;
  const excluded = (NO_PROXY ?? no_proxy ?? '').toLowerCase().split(/[\s,]+/);
  if (excluded.some((entry) => excludes(entry, host.toLowerCase(), port))) return undefined;
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || url.protocol !== 'http:' || url.hostname === '') throw unusable();
  const { username, password } = url;
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 80 : Number(url.port),
    credentials: username === '' ? undefined : `${decoded(username)}:${decoded(password)}`,
  };
}

function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    (net.isIPv4(host) && host.startsWith('127.')) ||
    host === '::1'
  );
}

function excludes(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [, address6, rest] = /^(?:\[([0-9a-f:.]+)\]|(.*?))(?::\d+)?$/.exec(entry) ?? [];
  const whole = net.isIPv6(entry) || entry.includes('/');
  const name = whole ? entry : (address6 ?? rest ?? '').replace(/^\*?\./, '').replace(/\.$/, '');
  const entryPort = whole ? undefined : /:(\d+)$/.exec(entry)?.[1];
  if (name === '' || (entryPort !== undefined && Number(entryPort) !== port)) return false;
  if (net.isIP(host) !== 0) return name === host || isInNetwork(host, name);
  return host === name || host.endsWith(`.${name}`);
}

function isInNetwork(address: string, network: string): boolean {
  const [, base = '', bits = ''] = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(network) ?? [];
  const family = net.isIP(base);
  if (family === 0 || Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new net.BlockList();
  list.addSubnet(base, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(address, net.isIPv4(address) ? 'ipv4' : 'ipv6');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) throw unusable(error);
    throw error;
  }
}

function unusable(cause?: Error): Error {
  return new Error('HTTPS_PROXY must be an http:// address, e.g. http://proxy.example:3128', { cause });
}
