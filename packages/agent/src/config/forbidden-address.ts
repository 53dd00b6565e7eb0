/**
 * Addresses that no service may lead to, whatever the configuration says: from there a visitor could take the machine's
 * cloud credentials or reach what is meant for neighbours on the wire only.
 */

/** First octets and number of bits of each forbidden IPv4 block. */
const FORBIDDEN_4: readonly (readonly [octets: readonly number[], bits: number])[] = [
  [[0], 8], // "this network", unspecified (RFC 1122 §3.2.1.3)
  [[169, 254], 16], // link-local (RFC 3927), metadata of most clouds
  [[100, 100, 100, 200], 32], // metadata of Alibaba Cloud
  [[168, 63, 129, 16], 32], // metadata of Azure
  [[192, 0, 0, 192], 32], // metadata of Oracle Cloud
  [[224], 4], // multicast (RFC 5771)
  [[240], 4], // reserved, broadcast
];

const METADATA_6 = ['fd00:ec2::254', 'fd20:ce::254'].map((text) => String(parseAddress6(text)));

/**
 * True for unspecified, link-local, multicast, broadcast and metadata addresses, also inside IPv6 forms that carry an
 * IPv4 address, and for every text that is no address at all. Reads IPv4 as `inet_aton` does (octal, hexadecimal, fewer
 * than four parts). To be asked again for each address that a name resolved to, just before connecting to it.
 */
export function isForbiddenAddress(text: string): boolean {
  const bytes = text.includes(':') ? parseAddress6(text) : parseAddress4(text);
  if (bytes === undefined) return true;
  return bytes.length === 4 ? isForbidden4(bytes) : isForbidden6(bytes);
}

function isForbidden4(bytes: readonly number[]): boolean {
  return FORBIDDEN_4.some(([octets, bits]) =>
    bits < 8 ? (bytes[0] ?? 0) >> (8 - bits) === (octets[0] ?? 0) >> (8 - bits) : startsWith(bytes, octets),
  );
}

function isForbidden6(bytes: readonly number[]): boolean {
  const [first = 0, second = 0] = bytes;
  if (first === 0xff || (first === 0xfe && (second & 0xc0) === 0x80)) return true;
  if (METADATA_6.includes(String(bytes))) return true;
  const loopback = bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
  return !loopback && embedded4(bytes).some(isForbidden4);
}

/** The IPv4 addresses that an IPv6 address may lead to. */
function embedded4(bytes: readonly number[]): number[][] {
  const last = bytes.slice(12);
  const found: number[][] = [];
  const zeros = (count: number) => bytes.slice(0, count).every((byte) => byte === 0);
  if (zeros(12)) found.push(last); // ::a.b.c.d (RFC 4291 §2.5.5.1), and ::
  if (zeros(10) && bytes[10] === 0xff && bytes[11] === 0xff) found.push(last); // ::ffff:a.b.c.d
  if (zeros(8) && startsWith(bytes.slice(8), [0xff, 0xff, 0, 0])) found.push(last); // ::ffff:0:a.b.c.d (RFC 2765)
  if (startsWith(bytes, [0, 0x64, 0xff, 0x9b])) found.push(last); // NAT64 (RFC 6052, RFC 8215)
  if (startsWith(bytes, [0x20, 0x02])) found.push(bytes.slice(2, 6)); // 6to4 (RFC 3056)
  if (startsWith(bytes, [0x20, 0x01, 0, 0])) found.push(last.map((byte) => byte ^ 0xff)); // Teredo (RFC 4380)
  if (bytes[10] === 0x5e && bytes[11] === 0xfe) found.push(last); // ISATAP (RFC 5214)
  return found;
}

function startsWith(bytes: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

/** As `inet_aton`: one to four parts, each decimal, `0` octal or `0x` hexadecimal; the last fills what is left. */
function parseAddress4(text: string): number[] | undefined {
  const parts = text.replace(/\.$/, '').split('.');
  if (parts.length > 4 || text.length > 64) return undefined;
  const numbers: number[] = [];
  for (const part of parts) {
    if (/^0[xX][0-9a-fA-F]*$/.test(part)) numbers.push(Number.parseInt(`0${part.slice(2)}`, 16));
    else if (/^0[0-7]+$/.test(part)) numbers.push(Number.parseInt(part, 8));
    else if (/^(?:0|[1-9][0-9]*)$/.test(part)) numbers.push(Number(part));
    else return undefined;
  }
  const tail = numbers.pop() ?? 0;
  const room = 4 - numbers.length;
  if (numbers.some((value) => value > 255) || tail >= 256 ** room) return undefined;
  const filled = Array.from(
    { length: room },
    (_, index) => Math.floor(tail / 256 ** (room - 1 - index)) % 256,
  );
  return [...numbers, ...filled];
}

/** RFC 4291 §2.2, with an optional zone (RFC 4007 §11) and brackets, both ignored. */
function parseAddress6(text: string): number[] | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/s, '');
  const halves = bare.split('::');
  if (bare.length > 64 || halves.length > 2) return undefined;
  const [head, tail] = halves.map(parseGroups);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  if (tail === undefined) return head.length === 16 ? head : undefined;
  const gap = 16 - head.length - tail.length;
  return gap < 2 ? undefined : [...head, ...Array.from({ length: gap }, () => 0), ...tail];
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else {
      const address = group.includes('.') && index === groups.length - 1 ? parseAddress4(group) : undefined;
      if (address === undefined) return undefined;
      bytes.push(...address);
    }
  }
  return bytes;
}
