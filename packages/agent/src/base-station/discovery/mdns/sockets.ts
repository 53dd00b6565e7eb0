import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { encode, type Packet } from 'dns-packet';
import { systemErrorCode } from '../../../config/index.ts';
import { createInlet } from '../datagrams.ts';
import type { LanInterface } from '../interfaces.ts';
import { type MdnsPacket, parsePacket } from './records.ts';
import { MDNS_PORT, type Sender } from './responder.ts';

const GROUPS = { udp4: '224.0.0.251', udp6: 'ff02::fb' } as const;
type Family = keyof typeof GROUPS;
/** RFC 6762 §17 allows more; nobody sends it. */
const PACKET_MAX = 4096;
const TTL = 255;

export interface MdnsSocketsParts {
  readonly monotonic: () => number;
  onPacket(on: LanInterface, packet: MdnsPacket, from: Sender): void;
  /** Why mDNS does not work, or not on some interface; told once for each reason. */
  onProblem(reason: string): void;
}

interface Open {
  readonly family: Family;
  readonly socket: Socket;
  lan: LanInterface;
}

/** One socket for each interface and family, since each sends through one interface. */
export class MdnsSockets {
  readonly #parts: MdnsSocketsParts;
  readonly #open = new Map<string, Open>();
  readonly #told = new Set<string>();
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: MdnsSocketsParts) {
    this.#parts = parts;
  }

  /** How many are open; 0: mDNS does not work. */
  get size(): number {
    return this.#open.size;
  }

  /** Opens and closes sockets as the interfaces are now; resolves when that is done. */
  follow(interfaces: readonly LanInterface[]): Promise<void> {
    this.#last = this.#last.then(() => this.#follow(interfaces));
    return this.#last;
  }

  send(on: LanInterface, packet: Packet, to?: Sender): void {
    for (const { lan, family, socket } of this.#open.values()) {
      if (lan.name !== on.name) continue;
      if (to !== undefined && to.address.includes(':') !== (family === 'udp6')) continue;
      const group = family === 'udp4' ? GROUPS.udp4 : `${GROUPS.udp6}%${lan.name}`;
      // Lost as any datagram may be: what matters is said again. An interface that has gone is closed soon.
      socket.send(encode(packet), to?.port ?? MDNS_PORT, to?.address ?? group, () => undefined);
    }
  }

  /** Resolves when what was sent is out. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    for (const key of this.#open.keys()) await this.#drop(key);
  }

  async #follow(interfaces: readonly LanInterface[]): Promise<void> {
    const wanted = new Map<string, { family: Family; lan: LanInterface }>();
    for (const lan of interfaces) {
      const [first] = lan.ipv4;
      // A membership is of one address; with another it is made anew.
      if (first !== undefined) wanted.set(`udp4 ${lan.name} ${first.address}`, { family: 'udp4', lan });
      if (lan.ipv6.length > 0) wanted.set(`udp6 ${lan.name}`, { family: 'udp6', lan });
    }
    for (const [key, open] of this.#open) {
      const still = wanted.get(key);
      if (still === undefined) await this.#drop(key);
      else open.lan = still.lan;
    }
    for (const [key, { family, lan }] of wanted) {
      if (this.#closed || this.#open.has(key)) continue;
      try {
        await this.#add(key, family, lan);
      } catch (error) {
        this.#tell(systemErrorCode(error) || String(error), family, lan);
      }
    }
  }

  async #add(key: string, family: Family, lan: LanInterface): Promise<void> {
    const socket = createSocket({ type: family, reuseAddr: true, ipv6Only: family === 'udp6' });
    try {
      socket.bind(MDNS_PORT);
      await once(socket, 'listening');
      const through = family === 'udp4' ? (lan.ipv4[0]?.address ?? '') : `::%${lan.name}`;
      socket.addMembership(GROUPS[family], through);
      socket.setMulticastInterface(through);
      socket.setMulticastTTL(TTL);
    } catch (error) {
      socket.close();
      throw error;
    }
    const open: Open = { family, socket, lan };
    const admits = createInlet(this.#parts.monotonic);
    socket.on('error', (error) => this.#tell(error.message, family, open.lan));
    socket.on('message', (bytes, from) => {
      // Linux gives each socket what comes in on any interface (IP_MULTICAST_ALL).
      if (bytes.length > PACKET_MAX || !open.lan.holds(from.address) || !admits()) return;
      const packet = parsePacket(bytes);
      if (packet !== undefined) this.#parts.onPacket(open.lan, packet, from);
    });
    this.#open.set(key, open);
  }

  async #drop(key: string): Promise<void> {
    const open = this.#open.get(key);
    this.#open.delete(key);
    if (open === undefined) return;
    const closed = once(open.socket, 'close');
    // An empty datagram to nobody, behind what is under way: close() throws that away.
    await new Promise<void>((resolve) => {
      open.socket.send('', MDNS_PORT, open.family === 'udp4' ? '127.0.0.1' : '::1', () => resolve());
    });
    open.socket.close();
    await closed;
  }

  #tell(code: string, family: Family, { name }: LanInterface): void {
    const what = family === 'udp4' ? 'IPv4' : 'IPv6';
    const reason =
      code === 'EADDRINUSE'
        ? `another program has UDP port ${MDNS_PORT} for itself (${what})`
        : `no multicast over ${what} on ${name} (${code})`;
    if (this.#told.has(reason)) return;
    this.#told.add(reason);
    this.#parts.onProblem(reason);
  }
}
