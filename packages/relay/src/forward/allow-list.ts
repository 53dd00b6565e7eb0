import { BlockList, isIP } from 'node:net';
import { PorchlightError } from '@porchlight/protocol';

const BITS = /^(?:0|[1-9][0-9]{0,2})$/;

/** Addresses and blocks (CIDR, RFC 4632 §3.1) that may connect. An empty list lets everybody in. */
export interface AllowList {
  /** As they were written, without spaces. */
  readonly blocks: readonly string[];
  has(address: string | undefined): boolean;
}

/**
 * Reads what people write: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`.
 * @throws PorchlightError `bad_request` that names the entry
 */
export function parseAllowList(entries: readonly string[]): AllowList {
  const list = new BlockList();
  const blocks = entries.map((entry) => {
    const block = entry.trim();
    if (!addBlock(list, block)) {
      throw new PorchlightError(
        'bad_request',
        `"${block.slice(0, 60)}" is no address or block such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32`,
      );
    }
    return block;
  });
  return {
    blocks,
    has(address) {
      if (blocks.length === 0) return true;
      const plain = withoutMapping(address ?? '');
      const family = isIP(plain);
      return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

function addBlock(list: BlockList, block: string): boolean {
  const [address = '', bits, ...more] = block.split('/');
  const family = isIP(address);
  // A zone (RFC 4007 §11) is meaningful on one machine only; a mapped address is written as the IPv4 one it is.
  if (family === 0 || more.length > 0 || address.includes('%') || /^::ffff:/i.test(address)) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) {
    list.addAddress(address, type);
    return true;
  }
  if (!BITS.test(bits) || Number(bits) > (family === 6 ? 128 : 32)) return false;
  list.addSubnet(address, Number(bits), type);
  return true;
}

/** IPv4 clients of a socket that listens on `::` have addresses such as `::ffff:192.0.2.1` (RFC 4291 §2.5.5.2). */
function withoutMapping(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  return mapped !== undefined && isIP(mapped) === 4 ? mapped : address;
}
