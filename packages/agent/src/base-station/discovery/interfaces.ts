import { BlockList, isIPv4 } from 'node:net';
import type { networkInterfaces } from 'node:os';
import type { Clock } from '../../clock.ts';

/** One network that this machine is in. */
export interface LanInterface {
  readonly name: string;
  /** IPv4 addresses, each with its own broadcast address; the first is the one to be reached at. */
  readonly ipv4: readonly { readonly address: string; readonly broadcast: string | undefined }[];
  /** IPv6 addresses, without a zone. */
  readonly ipv6: readonly string[];
  /** Whether an address is on this network. IPv6 with a zone (`fe80::1%eth0`): of this interface. */
  holds(address: string): boolean;
}

/** Linux tells nobody without a netlink socket; looking costs little, and a device must not wait long. */
export const LOOK_MS = 2_000;

type System = ReturnType<typeof networkInterfaces>;

/** Pure; loopback is left out. */
export function interfacesOf(system: System): LanInterface[] {
  const found: LanInterface[] = [];
  for (const [name, addresses = []] of Object.entries(system)) {
    const outer = addresses.filter(({ internal }) => !internal);
    if (outer.length === 0) continue;
    const ipv4 = outer
      .filter(({ family }) => family === 'IPv4')
      .map(({ address, cidr }) => ({ address, broadcast: broadcastOf(address, cidr) }));
    const ipv6 = outer.filter(({ family }) => family === 'IPv6').map(({ address }) => address);
    const networks = new BlockList();
    for (const { address, cidr, family } of outer) {
      networks.addSubnet(address, prefixOf(cidr), family === 'IPv4' ? 'ipv4' : 'ipv6');
    }
    const holds = (text: string): boolean => {
      const [address = '', zone] = text.split('%');
      if (zone !== undefined) return zone === name;
      return networks.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
    };
    found.push({ name, ipv4, ipv6, holds });
  }
  return found;
}

function prefixOf(cidr: string | null): number {
  return Number(cidr?.split('/')[1] ?? 0);
}

/** Undefined: a network of two or one, which has no such address. */
export function broadcastOf(address: string, cidr: string | null): string | undefined {
  const prefix = prefixOf(cidr);
  if (prefix === 0 || prefix > 30) return undefined;
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - prefix);
  const last = number - (number % size) + size - 1;
  return [24, 16, 8, 0].map((shift) => Math.floor(last / 2 ** shift) % 256).join('.');
}

/** The networks that this machine is in now; they come and go. */
export class LanInterfaces {
  #text = '';
  #now: LanInterface[] = [];
  readonly #read: () => System;
  readonly #onChange: () => void;
  readonly #cancel: () => void;

  constructor(clock: Clock, onChange: () => void, read: () => System) {
    this.#read = read;
    this.#onChange = onChange;
    this.#look();
    this.#cancel = clock.every(LOOK_MS, () => this.#look() && this.#onChange());
  }

  get list(): readonly LanInterface[] {
    return this.#now;
  }

  /** Whether this is one of our own addresses, with or without a zone. */
  isOwn(address: string): boolean {
    const plain = address.split('%')[0] ?? '';
    if (this.#has(plain)) return true;
    // It may have become ours a moment ago.
    if (!this.#look()) return false;
    this.#onChange();
    return this.#has(plain);
  }

  close(): void {
    this.#cancel();
  }

  #has(plain: string): boolean {
    return this.#now.some(
      ({ ipv4, ipv6 }) => ipv4.some((one) => one.address === plain) || ipv6.includes(plain),
    );
  }

  #look(): boolean {
    const system = this.#read();
    const text = JSON.stringify(system);
    if (text === this.#text) return false;
    this.#text = text;
    this.#now = interfacesOf(system);
    return true;
  }
}
