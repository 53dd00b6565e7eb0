import { PERSON_HEADER, REQUEST_ID_HEADER, ROLE_HEADER } from '@porchlight/protocol';

/** Header lists are flat as in node:http's `rawHeaders`: name, value, name, value, … */
export type RawHeaders = readonly string[];

/** Hop-by-hop fields (RFC 9110 §7.6.1) and framing that node:http writes by itself. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

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
 * with ours. `host` first. `dropAuthorization`: the relay itself consumed that header.
 */
export function requestHeaders(
  raw: RawHeaders,
  facts: VisitFacts,
  options: { readonly dropAuthorization: boolean },
): string[] {
  const named = connectionOptions(raw);
  const out: string[] = ['Host', facts.host];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower.charCodeAt(0) === 58 || lower === 'host' || HOP_BY_HOP.has(lower)) continue;
    if (isRelayOnly(lower) || named?.has(lower) === true) continue;
    if (lower === 'authorization' && options.dropAuthorization) continue;
    if (lower === 'cookie') {
      const kept = withoutRelayCookies(value);
      if (kept !== '') out.push(name, kept);
      continue;
    }
    out.push(name, value);
  }
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
 * that pose as the relay's own, are dropped.
 */
export function responseHeaders(raw: RawHeaders, host: string): string[] {
  const named = connectionOptions(raw);
  const out: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || lower.startsWith(RELAY_PREFIX) || named?.has(lower) === true) continue;
    if (lower === 'set-cookie' && !isOwnCookie(value, host)) continue;
    // A device must not decide for the whole domain how browsers reach it.
    if (lower === 'strict-transport-security' || lower === 'alt-svc' || lower === 'public-key-pins') continue;
    out.push(name, value);
  }
  return out;
}

/** Same as an object for node:http2, where a repeated name needs a list. */
export function headersObject(raw: RawHeaders): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = raw[i + 1] ?? '';
    const there = out[name];
    if (there === undefined) out[name] = value;
    else if (Array.isArray(there)) there.push(value);
    else out[name] = [there, value];
  }
  return out;
}

/** Field names that a `Connection` header declares hop-by-hop; undefined when there are none but the usual. */
function connectionOptions(raw: RawHeaders): Set<string> | undefined {
  let named: Set<string> | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    for (const part of (raw[i + 1] ?? '').split(',')) {
      const option = part.trim().toLowerCase();
      if (option === '' || option === 'keep-alive' || option === 'close') continue;
      named ??= new Set();
      named.add(option);
    }
  }
  return named;
}

function isRelayOnly(lower: string): boolean {
  const first = lower.charCodeAt(0);
  // Only names that begin with c, f, r, t or x can be among them: most headers end here.
  if (first !== 120 && first !== 102 && first !== 114 && first !== 116 && first !== 99) return false;
  const name = lower.includes('_') ? lower.replaceAll('_', '-') : lower;
  return RELAY_ONLY.has(name) || name.startsWith(RELAY_PREFIX);
}

function withoutRelayCookies(header: string): string {
  if (!header.includes('porchlight')) return header;
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
