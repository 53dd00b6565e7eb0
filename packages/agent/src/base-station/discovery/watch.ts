import { judgeBeacon, parseBeacon } from './beacon.ts';
import type { MdnsPacket, Sender } from './mdns/index.ts';
import type { Notices } from './notices.ts';

/** What the original base station broadcasts, and old firmware waits for. */
export const EMONESP_TEXT = Buffer.from('emonpi.local');
const EMONESP_HOST = 'emonpi.local';
const SERVICE = '_porchlight._tcp.local';

export interface WatchParts {
  /** Raw key of this base station, and its fingerprint. */
  readonly key: Buffer;
  readonly fingerprint: string;
  readonly notices: Notices;
  /** Whether that address is this machine's. */
  isOwn(address: string): boolean;
}

/** Hears what others on the LAN say that only this base station should, and notes it. */
export class Watch {
  readonly #parts: WatchParts;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** A datagram to the port of EmonESP's broadcasts. */
  broadcast(bytes: Buffer, from: string): void {
    if (bytes.equals(EMONESP_TEXT) && !this.#parts.isOwn(from))
      this.#parts.notices.note('other-broadcast', from);
  }

  /** A datagram to the port of beacons. */
  beacon(bytes: Buffer, from: string): void {
    const { key, notices, isOwn } = this.#parts;
    if (isOwn(from)) return;
    const { kind } = judgeBeacon(bytes, { key, sequence: Number.MAX_SAFE_INTEGER });
    if (kind === 'old') notices.note('replayed-beacon', from);
    else if (kind === 'forged') notices.note('false-beacon', from);
    else if (kind === 'foreign' && parseBeacon(bytes) !== undefined) notices.note('other-base-station', from);
  }

  /** An answer or announcement over mDNS. */
  mdns({ answers, additionals }: MdnsPacket, { address }: Sender): void {
    const { fingerprint, notices, isOwn } = this.#parts;
    const said = [...answers, ...additionals].filter(({ ttl = 0 }) => ttl > 0);
    for (const record of said) {
      const name = record.name.toLowerCase();
      const isHost = name === EMONESP_HOST && (record.type === 'A' || record.type === 'AAAA');
      const isBase = name.endsWith(`.${SERVICE}`) && record.type === 'TXT';
      if ((!isHost && !isBase) || isOwn(address)) continue;
      if (isHost) notices.note('emonpi-name', address);
      else if (record.type === 'TXT') {
        const isOurs = textsOf(record.data).includes(`id=${fingerprint}`);
        notices.note(isOurs ? 'same-identity' : 'other-base-station', address);
      }
    }
  }
}

function textsOf(data: unknown): string[] {
  return (Array.isArray(data) ? data : [data]).map(String);
}
