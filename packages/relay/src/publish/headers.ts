import { endToEndHeaders, type RawHeaders } from '@porchlight/link';
import { PERSON_HEADER, REQUEST_ID_HEADER, ROLE_HEADER } from '@porchlight/protocol';

/** What only the relay may say; a visitor's own are dropped, with `_` for `-` too. */
const RELAY_ONLY = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-forwarded-prefix',
  'x-forwarded-user',
  'x-forwarded-email',
  'x-real-ip',
  'remote-user',
  'x-remote-user',
  'x-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
]);
const RELAY_PREFIX = 'x-porchlight-';
const DOMAIN_WIDE = new Set(['strict-transport-security', 'alt-svc', 'public-key-pins']);

/** Who asks, as the device is told. */
export interface VisitFacts {
  readonly address: string;
  readonly proto: 'http' | 'https';
  readonly host: string;
  readonly person: string | undefined;
  readonly requestId: string;
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
  let cookie: string | undefined;
  const fields = endToEndHeaders(raw, (lower, value) => {
    if (lower === 'host' || isRelayOnly(lower)) return false;
    if (lower === 'authorization') return !options.dropAuthorization;
    if (lower !== 'cookie' || !value.includes('porchlight')) return true;
    cookie = withoutRelayCookies(value);
    return false;
  });
  const out = ['Host', facts.host, ...fields];
  if (cookie !== undefined && cookie !== '') out.push('Cookie', cookie);
  out.push(
    'X-Forwarded-For',
    facts.address,
    'X-Forwarded-Proto',
    facts.proto,
    'X-Forwarded-Host',
    facts.host,
  );
  out.push(REQUEST_ID_HEADER, facts.requestId);
  if (facts.person !== undefined) out.push(PERSON_HEADER, facts.person, ROLE_HEADER, 'owner');
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

function isRelayOnly(lower: string): boolean {
  const first = lower.charCodeAt(0);
  // Only names that begin with c, f, r, t or x can be among them: most headers end here.
  if (first !== 120 && first !== 102 && first !== 114 && first !== 116 && first !== 99) return false;
  const name = lower.includes('_') ? lower.replaceAll('_', '-') : lower;
  return RELAY_ONLY.has(name) || name.startsWith(RELAY_PREFIX);
}

function withoutRelayCookies(header: string): string {
  return header
    .split(';')
    .filter((pair) => !isRelayCookie(pair.slice(0, Math.max(0, pair.indexOf('='))).trim()))
    .join(';')
    .trim();
}

/** True unless the cookie's Domain is another than this host (RFC 6265 §5.2.3), or its name is the relay's. */
function isOwnCookie(setCookie: string, host: string): boolean {
  const [pair = '', ...attributes] = setCookie.split(';');
  if (isRelayCookie(pair.slice(0, Math.max(0, pair.indexOf('='))).trim())) return false;
  const hostName = host.replace(/:\d+$/, '').toLowerCase();
  for (const attribute of attributes) {
    const [name = '', value = ''] = attribute.split('=', 2);
    if (name.trim().toLowerCase() !== 'domain') continue;
    const domain = value.trim().toLowerCase().replace(/^\./, '');
    if (domain !== '' && domain !== hostName) return false;
  }
  return true;
}
