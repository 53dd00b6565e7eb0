import { endToEndHeaders, type RawHeaders } from '@porchlight/link';
import { PERSON_HEADER, REQUEST_ID_HEADER, ROLE_HEADER } from '@porchlight/protocol';

/**
 * What only the relay may say: who asks, from where, for which host and path. A visitor's own are dropped, with any
 * other sign for `-` too: servers that hand headers on as environment variables read `X_Real.IP` alike.
 */
const RELAY_ONLY = new Set([
  'forwarded',
  'x-real-ip',
  'x-real-port',
  'remote-user',
  'remote-name',
  'remote-email',
  'remote-groups',
  'x-remote-user',
  'x-remote-group',
  'x-auth-request-user',
  'x-auth-request-email',
  'x-authenticated-user',
  'x-authenticated-userid',
  'x-webauth-user',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-host',
  'x-original-url',
  'x-rewrite-url',
  'x-host',
  'x-scheme',
  'x-script-name',
  'x-url-scheme',
  'true-client-ip',
  'fastly-client-ip',
  'front-end-https',
  'cf-connecting-ip',
  // Read as HTTP_PROXY by what runs as CGI (CVE-2016-5385).
  'proxy',
]);
const RELAY_PREFIX = 'x-porchlight-';
const FORWARDED_PREFIX = 'x-forwarded';
/** First letters of the names above: most headers are told by theirs. */
const FIRST_LETTERS = new Set([...RELAY_ONLY, RELAY_PREFIX].map((name) => name.charCodeAt(0)));
/** Fields by which one host would decide for all of the domain; `Clear-Site-Data` would sign out at the console. */
const DOMAIN_WIDE = new Set(['strict-transport-security', 'alt-svc', 'public-key-pins', 'clear-site-data']);

/** Who asks, as the device is told. */
export interface VisitFacts {
  readonly address: string;
  readonly proto: 'http' | 'https';
  readonly host: string;
  readonly person: string | undefined;
  /** What the person is to the device; the owner unless told otherwise. */
  readonly role?: string;
  readonly requestId: string;
  /** Prefix that was removed from the path, e.g. `/zumi01`. */
  readonly prefix?: string;
}

/** Name of the relay's own cookie on a published host; never passed to a device, never settable by one. */
export function isRelayCookie(name: string): boolean {
  return (
    name === '__Host-porchlight' ||
    name === 'porchlight' ||
    name.startsWith('__Host-porchlight-') ||
    name.startsWith('porchlight-')
  );
}

/**
 * The request's headers as the device gets them: end-to-end fields in their order, without forged or relay-own ones,
 * with ours. `Host` first. `dropAuthorization`: the relay itself consumed that header.
 */
export function requestHeaders(
  raw: RawHeaders,
  facts: VisitFacts,
  options: { readonly dropAuthorization: boolean },
): string[] {
  const cookies: string[] = [];
  const fields = endToEndHeaders(raw, (lower, value) => {
    if (lower === 'host' || isRelayOnly(lower)) return false;
    if (lower === 'authorization') return !options.dropAuthorization;
    if (lower !== 'cookie') return true;
    const left = value.includes('porchlight') ? withoutRelayCookies(value) : value;
    if (left !== '') cookies.push(left);
    return false;
  });
  const out = ['Host', facts.host, ...fields];
  // One field: HTTP/2 may send each cookie in one of its own (RFC 9113 §8.2.3).
  if (cookies.length > 0) out.push('Cookie', cookies.join('; '));
  out.push(
    'X-Forwarded-For',
    facts.address,
    'X-Forwarded-Proto',
    facts.proto,
    'X-Forwarded-Host',
    facts.host,
  );
  // The second is what WSGI programs and OctoPrint read.
  if (facts.prefix !== undefined) out.push('X-Forwarded-Prefix', facts.prefix, 'X-Script-Name', facts.prefix);
  out.push(REQUEST_ID_HEADER, facts.requestId);
  if (facts.person !== undefined) out.push(PERSON_HEADER, facts.person, ROLE_HEADER, facts.role ?? 'owner');
  return out;
}

/**
 * The answer's headers as the visitor gets them: end-to-end fields; cookies that would reach beyond this one host, or
 * that pose as the relay's own, are dropped; so is what would decide for the whole domain how browsers reach it.
 */
export function responseHeaders(raw: RawHeaders, host: string): string[] {
  return endToEndHeaders(raw, (lower, value) => {
    if (lower === 'set-cookie') return isOwnCookie(value, host);
    return !lower.startsWith(RELAY_PREFIX) && !DOMAIN_WIDE.has(lower);
  });
}

/** True for a field, by lower-case name, that a visitor may not send: not as a header and not as a trailer. */
export function isRelayOnly(lower: string): boolean {
  if (!FIRST_LETTERS.has(lower.charCodeAt(0))) return false;
  const name = PLAIN_NAME.test(lower) ? lower : lower.replace(OTHER_SIGNS, '-');
  return RELAY_ONLY.has(name) || name.startsWith(RELAY_PREFIX) || name.startsWith(FORWARDED_PREFIX);
}

const PLAIN_NAME = /^[a-z0-9-]*$/;
const OTHER_SIGNS = /[^a-z0-9-]/g;

function withoutRelayCookies(header: string): string {
  return header
    .split(';')
    .filter((pair) => !isRelayCookie(cookieName(pair)))
    .join(';')
    .trim();
}

/** The name before `=`. A cookie set without a name comes back as its value alone, which may look like a pair. */
function cookieName(pair: string): string {
  return (
    pair
      .trim()
      .replace(/^=+\s*/, '')
      .split('=', 1)[0] ?? ''
  ).trim();
}

/** True unless the cookie's Domain is another than this host (RFC 6265 §5.2.3), or its name is the relay's. */
function isOwnCookie(setCookie: string, host: string): boolean {
  const [pair = '', ...attributes] = setCookie.split(';');
  if (isRelayCookie(cookieName(pair))) return false;
  const hostName = host.replace(/:\d+$/, '').toLowerCase();
  for (const attribute of attributes) {
    const [name = '', value = ''] = attribute.split('=', 2);
    if (name.trim().toLowerCase() !== 'domain') continue;
    const domain = value.trim().toLowerCase().replace(/^\./, '');
    if (domain !== '' && domain !== hostName) return false;
  }
  return true;
}
