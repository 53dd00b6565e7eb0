import { readFile } from 'node:fs/promises';

/** What Linux knows of the hardware addresses of the LAN (IPv4). */
const TABLE = '/proc/net/arp';
const NONE = '00:00:00:00:00:00';

/** The hardware address behind an address of the LAN, as far as the system knows it. */
export async function hardwareAddressOf(address: string, table = TABLE): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(table, 'utf8');
  } catch {
    return undefined; // other systems than Linux have no such table
  }
  return parseNeighbours(text).get(address);
}

/** `IP address  HW type  Flags  HW address  Mask  Device`, with a line of headings. */
export function parseNeighbours(text: string): Map<string, string> {
  const known = new Map<string, string>();
  for (const line of text.split('\n').slice(1)) {
    const [address, , flags, mac] = line.trim().split(/\s+/);
    if (address === undefined || mac === undefined || mac === NONE) continue;
    // Flag 2: the entry is complete.
    if ((Number(flags) & 2) !== 0 && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) {
      known.set(address, mac.toLowerCase());
    }
  }
  return known;
}
