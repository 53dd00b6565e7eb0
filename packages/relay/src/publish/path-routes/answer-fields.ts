import type { RawHeaders } from '@porchlight/link';
import { isBelow } from './prefix-path.ts';

/** Where a service stands, and what was asked of it: what its answer's addresses are relative to. */
export interface PathPlace {
  readonly prefix: string;
  /** The device got the path without the prefix, so that its addresses lack it. */
  readonly strip: boolean;
  /** The Host that the visitor named, with the port if it had one. */
  readonly host: string;
  /** Request target as the device got it. */
  readonly target: string;
}

/** Realms of the relay's own questions for a password begin so. */
export const REALM = 'Porchlight';
const RELAY_REALM = new RegExp(`realm\\s*=[\\s"]*${REALM}`, 'i');

/**
 * An answer's fields as they leave for a visitor of a path route.
 *
 * Always: a cookie is confined to the prefix and to this host; a service worker gets no scope beyond the prefix; a
 * question for a password does not pose as the relay's, for which browsers keep one. With the prefix removed: own
 * addresses in `Location`, `Content-Location` and `Refresh` are put below it.
 */
export function fieldsBelow(fields: RawHeaders, place: PathPlace): string[] {
  const out: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    const value = rewritten(name.toLowerCase(), fields[i + 1] ?? '', place);
    if (value !== undefined) out.push(name, value);
  }
  return out;
}

function rewritten(lower: string, value: string, place: PathPlace): string | undefined {
  switch (lower) {
    case 'set-cookie':
      return cookieBelow(value, place);
    case 'location':
    case 'content-location':
      return place.strip ? addressBelow(value, place) : value;
    case 'refresh':
      return place.strip ? refreshBelow(value, place) : value;
    case 'service-worker-allowed': {
      const scope = place.strip ? addressBelow(value, place) : value;
      return isBelow(pathOf(scope, place) ?? '', place.prefix) ? scope : undefined;
    }
    case 'www-authenticate':
      // In a quoted string `\P` is `P` (RFC 9110 §5.6.4).
      return RELAY_REALM.test(value.replaceAll('\\', '')) ? undefined : value;
    default:
      return value;
  }
}

/** Paths that every program reads in the same way, without anything that could be a dot segment (`..`, `%2e`). */
const PLAIN_PATH =
  /^\/(?:[A-Za-z0-9_~!$&'()*+,:@=-][A-Za-z0-9._~!$&'()*+,:@%=-]*(?:\/|$|(?=[?#])))*(?:[?#]|$)/;

/**
 * A reference (RFC 3986 §4.1) of the service's own, put below the prefix; any other as it is. It is resolved as a
 * browser does it (WHATWG URL), against the address that the service was asked for: `..` stays below the prefix.
 */
export function addressBelow(reference: string, place: PathPlace): string {
  const { prefix, host } = place;
  if (PLAIN_PATH.test(reference)) {
    const path = reference.split(/[?#]/, 1)[0] ?? '';
    return isBelow(path, prefix) ? reference : prefix + reference;
  }
  const url = resolve(reference, place);
  if (url === undefined || !isSameHost(url, host)) return reference;
  const path = isBelow(url.pathname, prefix) ? url.pathname : prefix + url.pathname;
  // An address with its host keeps it: `//host/x` and `https://host/x`.
  const scheme = /^[\s]*[a-z][a-z0-9+.-]*:/i.test(reference) ? url.protocol : '';
  const hasHost = scheme !== '' || /^[\s]*[/\\]{2}/.test(reference);
  return `${hasHost ? `${scheme}//${url.host}` : ''}${path}${url.search}${url.hash}`;
}

function resolve(reference: string, { host, target }: PathPlace): URL | undefined {
  const text = Buffer.from(reference, 'latin1').toString('utf8');
  const base = `http://${host}${target}`;
  return URL.canParse(text, base) ? new URL(text, base) : undefined;
}

function pathOf(reference: string, place: PathPlace): string | undefined {
  const url = resolve(reference, { ...place, target: `${place.prefix}/` });
  return url !== undefined && isSameHost(url, place.host) ? url.pathname : undefined;
}

/** A web address of this host; the port counts, and the scheme's own may be left out. */
function isSameHost(url: URL, host: string): boolean {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  const usual = url.protocol === 'https:' ? ':443' : ':80';
  return url.host === (host.endsWith(usual) ? host.slice(0, -usual.length) : host);
}

/** `5; url=/x` (WHATWG HTML §4.2.5.3, shared declarative refresh steps). */
function refreshBelow(value: string, place: PathPlace): string {
  const found = /^([\d.]*(?:\s*[;,])?\s*url\s*=\s*)(["']?)([^"']*)(["']?.*)$/is.exec(value.trimStart());
  if (found === null) return value;
  const [, before = '', quote = '', address = '', after = ''] = found;
  return `${before}${quote}${addressBelow(address.trim(), place)}${after}`;
}

/**
 * A cookie that only requests below the prefix send back (RFC 6265 §5.1.4). Without a `Path`, or with one that is no
 * path, browsers take the folder of the page, which is below it already. `Domain` goes: the host itself is meant, and
 * any other was refused before.
 */
function cookieBelow(value: string, { prefix, strip }: PathPlace): string {
  const [pair = '', ...attributes] = value.split(';');
  const kept = attributes.flatMap((attribute) => {
    const at = attribute.indexOf('=');
    const name = (at < 0 ? attribute : attribute.slice(0, at)).trim().toLowerCase();
    if (name === 'domain') return [];
    const path = attribute.slice(at + 1).trim();
    if (name !== 'path' || at < 0 || !path.startsWith('/') || isBelow(path, prefix)) return [attribute];
    // Unchanged paths that are not below the prefix would be sent to the devices of other prefixes too.
    return [` Path=${strip ? prefix + path : `${prefix}/`}`];
  });
  return [pair, ...kept].join(';');
}
