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

/** A header list as node:http2 takes it: an object, in which a repeated name has a list. */
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

/** A header list as pairs, as trailers are added. */
export function headerPairs(raw: RawHeaders): [name: string, value: string][] {
  const out: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) out.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return out;
}

/** Field names that a `Connection` field declares hop-by-hop; undefined when there are none but the usual. */
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
