/** Header lists are flat as in node:http's `rawHeaders`: name, value, name, value, … */
export type RawHeaders = readonly string[];

/** Hop-by-hop fields (RFC 9110 §7.6.1), and framing that node:http writes by itself. */
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

/** The end-to-end fields for which `keep` holds (it gets the lower-case name), in their order. */
export function endToEndHeaders(raw: RawHeaders, keep: (lower: string, value: string) => boolean): string[] {
  const named = connectionOptions(raw);
  const out: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    const lower = name.toLowerCase();
    // `:` begins the pseudo fields of HTTP/2 (RFC 9113 §8.3).
    if (lower.charCodeAt(0) === 58 || HOP_BY_HOP.has(lower) || named?.has(lower) === true) continue;
    if (keep(lower, value)) out.push(name, value);
  }
  return out;
}

/**
 * A header list as node:http2 takes it: an object. A repeated name becomes one list of its values (RFC 9110 §5.3):
 * node:http2 throws on an array for many of them. Only `Set-Cookie` cannot be joined.
 */
export function headersObject(raw: RawHeaders): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = raw[i + 1] ?? '';
    const there = out[name];
    if (Array.isArray(there)) there.push(value);
    else if (name === 'set-cookie') out[name] = [value];
    else out[name] = there === undefined ? value : `${there}, ${value}`;
  }
  return out;
}

/** Fields that decide about framing, routing or trust and so never come behind a body (RFC 9110 §6.5.1). */
const NEVER_TRAILERS = new Set([
  'host',
  'content-length',
  'content-encoding',
  'content-type',
  'content-range',
  'trailer',
  'authorization',
  'cookie',
  'set-cookie',
  'www-authenticate',
  'cache-control',
  'expect',
  'max-forwards',
  'range',
  'location',
]);

/** The trailers that go on, of those that `keep` lets through. */
export function trailerFields(raw: RawHeaders, keep: (lower: string) => boolean): string[] {
  return endToEndHeaders(raw, (lower) => !NEVER_TRAILERS.has(lower) && keep(lower));
}

/** Without the fields of this (lower-case) name. */
export function withoutField(raw: RawHeaders, dropped: string): string[] {
  const out: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (name.length !== dropped.length || name.toLowerCase() !== dropped) out.push(name, raw[i + 1] ?? '');
  }
  return out;
}

/** A header list as pairs, as trailers are added. */
export function headerPairs(raw: RawHeaders): [name: string, value: string][] {
  const out: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) out.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return out;
}

/**
 * Field names that a `Connection` field declares hop-by-hop; undefined when there are none but the usual. Framing and
 * routing fields are never among them: a body passed on without its length would be read as the next request.
 */
function connectionOptions(raw: RawHeaders): Set<string> | undefined {
  let named: Set<string> | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    for (const part of (raw[i + 1] ?? '').split(',')) {
      const option = part.trim().toLowerCase();
      if (option === '' || option === 'keep-alive' || option === 'close') continue;
      if (option === 'content-length' || option === 'host') continue;
      named ??= new Set();
      named.add(option);
    }
  }
  return named;
}
