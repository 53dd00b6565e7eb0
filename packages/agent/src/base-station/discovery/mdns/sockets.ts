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
  /** Why mDNS does not work, or not on some interface; told once until it is gone. */
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
  /** By what could not be opened; each reason is told once until it is gone. */
  readonly #problems = new Map<string, string>();
  /** On its way to the system: moments. */
  readonly #sending = new Set<Promise<void>>();
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: MdnsSocketsParts) {
    this.#parts = parts;
  }

  /** How many are open; 0: mDNS does not work. */
  get size(): number {
    return this.#open.size;
  }

  /** What cannot be opened now, one sentence each. */
  problems(): string[] {
    return [...new Set(this.#problems.values())];
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
      const sent = new Promise<void>((resolve) => {
        // Lost as any datagram may be: what matters is said again. An interface that has gone is closed soon.
        socket.send(encode(packet), to?.port ?? MDNS_PORT, to?.address ?? group, () => resolve());
      });
      this.#sending.add(sent);
      void sent.then(() => this.#sending.delete(sent));
    }
  }

  /** Resolves when what was sent is out. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    await Promise.all(this.#sending);
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
    for (const key of this.#problems.keys()) if (!wanted.has(key)) this.#problems.delete(key);
    for (const [key, { family, lan }] of wanted) {
      if (this.#closed || this.#open.has(key)) continue;
      try {
        await this.#add(key, family, lan);
        this.#problems.delete(key);
      } catch (error) {
        this.#fail(key, systemErrorCode(error) || String(error), family, lan);
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
    socket.on('error', (error) => this.#fail(key, error.message, family, open.lan));
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
    open.socket.close();
    await closed;
  }

  #fail(key: string, code: string, family: Family, { name }: LanInterface): void {
    const what = family === 'udp4' ? 'IPv4' : 'IPv6';
    const reason =
      code === 'EADDRINUSE'
        ? `another program has UDP port ${MDNS_PORT} for itself (${what})`
        : `no multicast over ${what} on ${name} (${code})`;
    const isNew = ![...this.#problems.values()].includes(reason);
    this.#problems.set(key, reason);
    if (isNew) this.#parts.onProblem(reason);
  }
}
