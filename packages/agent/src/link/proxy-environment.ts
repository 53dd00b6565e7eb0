/** An HTTP proxy that the environment asks for. */
export interface ProxySettings {
  readonly host: string;
  readonly port: number;
  /** `user:password`, decoded. */
  readonly credentials: string | undefined;
}

/**
 * The proxy for a host, from `HTTPS_PROXY`, `https_proxy`, `ALL_PROXY` or `all_proxy`, unless `NO_PROXY` names the
 * host or a domain above it. Loopback is never asked for through a proxy.
 * @throws Error when the variable is no `http://` address
 */
export function proxyFor(
  host: string,
  environment: Readonly<Record<string, string | undefined>>,
): ProxySettings | undefined {
  const { HTTPS_PROXY, https_proxy, ALL_PROXY, all_proxy, NO_PROXY, no_proxy } = environment;
  const text = [HTTPS_PROXY, https_proxy, ALL_PROXY, all_proxy].find(
    (value) => value !== undefined && value !== '',
  );
  if (text === undefined || isExcluded(host.toLowerCase(), NO_PROXY ?? no_proxy ?? '')) return undefined;
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || url.protocol !== 'http:' || url.hostname === '') {
    throw new Error('HTTPS_PROXY must be an http:// address, e.g. http://proxy.example:3128');
  }
  const { username, password } = url;
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 80 : Number(url.port),
    credentials:
      username === '' ? undefined : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`,
  };
}

function isExcluded(host: string, noProxy: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host.startsWith('127.') || host === '::1')
    return true;
  return noProxy
    .split(',')
    .map((entry) =>
      entry
        .trim()
        .toLowerCase()
        .replace(/^\*?\./, ''),
    )
    .some((entry) => entry === '*' || (entry !== '' && (host === entry || host.endsWith(`.${entry}`))));
}
