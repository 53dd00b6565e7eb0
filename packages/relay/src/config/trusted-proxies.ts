import { BlockList, isIP } from 'node:net';

/**
 * Tells whether an address is one of the blocks of `trustedProxies`. IPv4 addresses in IPv6 form (`::ffff:10.0.0.1`)
 * count as what they stand for; what is no address is never trusted.
 */
export function createAddressMatcher(blocks: readonly string[]): (address: string | undefined) => boolean {
  // Asked for each request, and to ask a list costs an object.
  if (blocks.length === 0) return () => false;
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', bits] = block.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    if (address === undefined) return false;
    const plain = address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  };
}
