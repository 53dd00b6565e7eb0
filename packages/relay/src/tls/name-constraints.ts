/**
 * The DER form of the name constraints of a certificate authority (RFC 5280 §4.2.1.10): what it may vouch for, so
 * that whoever trusts it gives away nothing else.
 *
 *     30 len                                NameConstraints
 *        A0 len  ( 30 len base )…           permittedSubtrees
 *        A1 len  ( 30 len base )…           excludedSubtrees
 *     base:  82 len ascii                   dNSName: the name and all below it
 *            87 len address mask            iPAddress
 */
export const NAME_CONSTRAINTS_OID = '2.5.29.30';

const IPV4_LOOPBACK = [127, 0, 0, 1, 255, 255, 255, 255];
const IPV6_LOOPBACK = [...Array.from({ length: 15 }, () => 0), 1, ...Array.from({ length: 16 }, () => 255)];
const ALL_IPV4 = Array.from({ length: 8 }, () => 0);
const ALL_IPV6 = Array.from({ length: 32 }, () => 0);

/** Tag, length (X.690 §8.1.3, up to 65535 bytes) and content. */
function der(tag: number, content: Uint8Array): Uint8Array {
  const n = content.length;
  const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff];
  return Buffer.concat([Uint8Array.from([tag, ...length]), content]);
}

const dnsName = (name: string) => der(0x30, der(0x82, Buffer.from(name, 'latin1')));
const addressBlock = (bytes: readonly number[]) => der(0x30, der(0x87, Uint8Array.from(bytes)));

/** Permits `domain` and all below it; of addresses none, or those of loopback. */
export function nameConstraints(domain: string, loopback: boolean): Uint8Array {
  const names = [dnsName(domain)];
  // Addresses are free unless something is said about them: naming the permitted ones, or else excluding all.
  const permitted = loopback ? [...names, addressBlock(IPV4_LOOPBACK), addressBlock(IPV6_LOOPBACK)] : names;
  const excluded = loopback
    ? []
    : [der(0xa1, Buffer.concat([addressBlock(ALL_IPV4), addressBlock(ALL_IPV6)]))];
  return der(0x30, Buffer.concat([der(0xa0, Buffer.concat(permitted)), ...excluded]));
}
