/** The records of DNS-SD (RFC 6763) that the base station publishes, and what records are compared by. Bytes and names only. */
import { type Answer, type DecodedPacket, decode, encode, type RecordType } from 'dns-packet';
import type { LanInterface } from '../interfaces.ts';

/** What a resolver keeps of a host's addresses, and of everything else (RFC 6762 §10), in seconds. */
const TTL_HOST = 120;
const TTL_OTHER = 4500;
const TYPES_OF_TYPES = '_services._dns-sd._udp.local';

/** Records of these types, which alone are published and looked at. */
const KNOWN = ['A', 'AAAA', 'PTR', 'SRV', 'TXT', 'NSEC'] as const satisfies readonly RecordType[];
export type MdnsRecord = Extract<Answer, { data: unknown }> & { readonly type: (typeof KNOWN)[number] };

/** One service of this machine. */
export interface MdnsService {
  /** E.g. `_mqtt._tcp`. */
  readonly type: string;
  readonly port: number;
  /** Each `key=value`, 255 bytes at most. */
  readonly txt: readonly string[];
}

/** Everything that is published on one interface under that label, e.g. `porchlight` for `porchlight.local`. */
export function recordsFor(label: string, services: readonly MdnsService[], lan: LanInterface): MdnsRecord[] {
  const host = `${label}.local`;
  return [
    ...addressRecords(host, lan),
    ...services.flatMap(({ type, port, txt }): MdnsRecord[] => {
      const instance = `${label}.${type}.local`;
      return [
        { name: `${type}.local`, type: 'PTR', ttl: TTL_OTHER, data: instance },
        { name: TYPES_OF_TYPES, type: 'PTR', ttl: TTL_OTHER, data: `${type}.local` },
        { name: instance, type: 'SRV', ttl: TTL_HOST, flush: true, data: { port, target: host } },
        {
          name: instance,
          type: 'TXT',
          ttl: TTL_OTHER,
          flush: true,
          data: txt.length === 0 ? [''] : [...txt],
        },
      ];
    }),
  ];
}

function addressRecords(name: string, { ipv4, ipv6 }: LanInterface): MdnsRecord[] {
  const common = { name, ttl: TTL_HOST, flush: true };
  return [
    ...ipv4.map(({ address }): MdnsRecord => ({ ...common, type: 'A', data: address })),
    ...ipv6.map((address): MdnsRecord => ({ ...common, type: 'AAAA', data: address })),
  ];
}

/** Nobody else may have a record of that name: it has the cache-flush bit. */
export function isUnique(record: MdnsRecord): boolean {
  return record.flush === true;
}

/** Says that a name of ours has no records but those (RFC 6762 §6.1). */
export function nothingElse(name: string, own: readonly MdnsRecord[]): MdnsRecord {
  const rrtypes = [...new Set(own.map(({ type }) => type))].sort();
  return { name, type: 'NSEC', ttl: TTL_HOST, flush: true, data: { nextDomain: name, rrtypes } };
}

export function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Name and type, to sort by. */
export function kindOf({ name, type }: Pick<MdnsRecord, 'name' | 'type'>): string {
  return `${type} ${name.toLowerCase()}`;
}

const HEADER_AND_FIXED = 12 + 1 + 10;

/** Its data as on the wire, uncompressed. */
export function dataOf(record: MdnsRecord): Buffer {
  return encode({ type: 'response', answers: [{ ...record, name: '.', flush: false, ttl: 0 }] }).subarray(
    HEADER_AND_FIXED,
  );
}

/** Same name, type and data; how long it lives is not looked at. */
export function isSameRecord(a: MdnsRecord, b: MdnsRecord): boolean {
  return kindOf(a) === kindOf(b) && dataOf(a).equals(dataOf(b));
}

export interface MdnsQuestion {
  readonly name: string;
  readonly type: string;
  /** The answer may come to the one who asks alone. */
  readonly unicast: boolean;
}

export interface MdnsPacket {
  readonly id: number;
  readonly isResponse: boolean;
  readonly questions: readonly MdnsQuestion[];
  readonly answers: readonly MdnsRecord[];
  readonly authorities: readonly MdnsRecord[];
  readonly additionals: readonly MdnsRecord[];
}

const UNICAST_WANTED = /^UNKNOWN_(\d+)$/;
const CLASS_IN_UNICAST = 0x8001;

/** Undefined: no DNS message. Records of other types than ours are left out. */
export function parsePacket(bytes: Buffer): MdnsPacket | undefined {
  let packet: DecodedPacket;
  try {
    packet = decode(bytes);
  } catch {
    return undefined;
  }
  const known = (records: readonly Answer[] = []) => records.filter(isKnown);
  return {
    id: packet.id ?? 0,
    isResponse: packet.flag_qr,
    questions: (packet.questions ?? []).map(({ name, type, class: asked = 'IN' }) => ({
      ...{ name, type },
      unicast: Number(UNICAST_WANTED.exec(asked)?.[1] ?? 0) === CLASS_IN_UNICAST,
    })),
    answers: known(packet.answers),
    authorities: known(packet.authorities),
    additionals: known(packet.additionals),
  };
}

function isKnown(record: Answer): record is MdnsRecord {
  return (KNOWN as readonly string[]).includes(record.type);
}
