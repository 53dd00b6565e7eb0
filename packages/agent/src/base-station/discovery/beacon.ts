/**
 * The beacon: where the base station is, signed, in one datagram. Bytes only; docs/reference/lan-join.md says what a
 * device does with it.
 *
 *      0   4  "PLBS"          4  1  version, 1       5  1  zero
 *      6   2  HTTP port       8  2  MQTT port       10  2  MQTTS port       (0: closed)
 *     12  16  address, IPv6 or IPv4-mapped (RFC 4291 §2.5.5.2)
 *     28   8  sequence       36  8  time, ms since 1970
 *     44  32  the base station's Ed25519 key
 *     76  64  its signature (RFC 8032) of "porchlight lan beacon 1\n" and bytes 0 to 75
 *
 * Numbers are big endian and below 2^53.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** UDP port to which beacons are sent. */
export const BEACON_PORT = 5006;
/** Group to which they are sent beside the broadcast address: administratively scoped (RFC 2365), of our choice. */
export const BEACON_GROUP = '239.255.80.76';
export const BEACON_BYTES = 140;

const MAGIC = Buffer.from('PLBS');
const VERSION = 1;
const LABEL = Buffer.from('porchlight lan beacon 1\n');
const MAPPED = Buffer.from('00000000000000000000ffff', 'hex');
const KEY_AT = 44;
const SIGNATURE_AT = 76;

export interface Beacon {
  /** Ports on that address; undefined: closed. */
  readonly http: number | undefined;
  readonly mqtt: number | undefined;
  readonly mqtts: number | undefined;
  /** IPv4, or IPv6 as eight groups. */
  readonly address: string;
  /** Higher in each beacon than in all before, over restarts too. */
  readonly sequence: number;
  /** The base station's clock, which may be wrong. */
  readonly time: number;
  /** Raw Ed25519 public key. */
  readonly key: Buffer;
}

/** `address`: IPv4. */
export function encodeBeacon(facts: Omit<Beacon, 'key'>, identity: KeyObject): Buffer {
  if (!isIPv4(facts.address)) throw new TypeError(`${facts.address} is no IPv4 address`);
  const bytes = Buffer.alloc(BEACON_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt8(VERSION, 4);
  bytes.writeUInt16BE(facts.http ?? 0, 6);
  bytes.writeUInt16BE(facts.mqtt ?? 0, 8);
  bytes.writeUInt16BE(facts.mqtts ?? 0, 10);
  Buffer.concat([MAPPED, Buffer.from(facts.address.split('.').map(Number))]).copy(bytes, 12);
  bytes.writeBigUInt64BE(BigInt(facts.sequence), 28);
  bytes.writeBigUInt64BE(BigInt(facts.time), 36);
  rawPublicKey(identity).copy(bytes, KEY_AT);
  sign(null, Buffer.concat([LABEL, bytes.subarray(0, SIGNATURE_AT)]), identity).copy(bytes, SIGNATURE_AT);
  return bytes;
}

/** The layout alone, of bytes from anywhere; undefined: no beacon of this version. Who made it is not looked at. */
export function parseBeacon(bytes: Buffer): Beacon | undefined {
  if (bytes.length !== BEACON_BYTES || !bytes.subarray(0, 4).equals(MAGIC)) return undefined;
  if (bytes.readUInt8(4) !== VERSION || bytes.readUInt8(5) !== 0) return undefined;
  const sequence = Number(bytes.readBigUInt64BE(28));
  const time = Number(bytes.readBigUInt64BE(36));
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(time)) return undefined;
  const port = (at: number) => bytes.readUInt16BE(at) || undefined;
  return {
    ...{ http: port(6), mqtt: port(8), mqtts: port(10) },
    ...{ address: addressOf(bytes.subarray(12, 28)), sequence, time },
    key: Buffer.from(bytes.subarray(KEY_AT, SIGNATURE_AT)),
  };
}

export type Verdict =
  /** Follow it. */
  | { readonly kind: 'genuine'; readonly beacon: Beacon }
  /** Of this base station, but not newer than what is known: a copy, or somebody plays back what was true once. */
  | { readonly kind: 'old'; readonly beacon: Beacon }
  /** Another base station's, or somebody's who poses as one. */
  | { readonly kind: 'foreign' }
  /** Names the key, and was not signed by it. */
  | { readonly kind: 'forged' }
  | { readonly kind: 'malformed' };

/** What a device makes of a datagram that knows `key`, and the highest `sequence` heard of it (0: none yet). */
export function judgeBeacon(
  bytes: Buffer,
  known: { readonly key: Buffer; readonly sequence: number },
): Verdict {
  const beacon = parseBeacon(bytes);
  if (beacon === undefined) return { kind: 'malformed' };
  if (!beacon.key.equals(known.key)) return { kind: 'foreign' };
  if (!isSigned(bytes)) return { kind: 'forged' };
  return { kind: beacon.sequence > known.sequence ? 'genuine' : 'old', beacon };
}

function isSigned(bytes: Buffer): boolean {
  const x = bytes.subarray(KEY_AT, SIGNATURE_AT).toString('base64url');
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const said = Buffer.concat([LABEL, bytes.subarray(0, SIGNATURE_AT)]);
    return verify(null, said, key, bytes.subarray(SIGNATURE_AT));
  } catch {
    return false; // such a key cannot have signed anything
  }
}

/** The 32 bytes of an Ed25519 key, public or private. */
export function rawPublicKey(key: KeyObject): Buffer {
  const { x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url');
}

function addressOf(bytes: Buffer): string {
  if (bytes.subarray(0, 12).equals(MAPPED)) return [...bytes.subarray(12)].join('.');
  return Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(group * 2).toString(16)).join(':');
}
