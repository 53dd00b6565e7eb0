import type { Duplex } from 'node:stream';
import { type AnnouncedService, PorchlightError, type ServiceKind } from '@porchlight/protocol';
import type { Link, LinkTable, LinkTransport, SideService } from '../links/index.ts';
import { type BoundAddress, type SshLink, withSide } from './ssh-link.ts';

/** Connections that one link consists of: people run one `ssh` for each port; nobody needs more ports than this. */
export const MEMBERS_MAX = 16;
/** First of the ports given out for `-R 0:…`, which says that any will do. */
const FIRST_FREE_PORT = 20_000;

/** Whoever has brought a connection into a link. */
export interface MemberOwner {
  /** Another connection of the device has taken over the service of this name. */
  lost(service: string): void;
  /** A person has set the kind of the service, or leaves it to trying again. */
  setKind(service: string, kind: ServiceKind | 'auto'): void;
}

/**
 * The link of a device that has only a stock SSH client: all of its connections together, since such a device starts an
 * `ssh` for each port. A connection is an {@link SshLink} that is in no table itself.
 */
export class StockLink implements Link {
  readonly deviceId: string;
  readonly accountId: string;
  readonly deviceName: string;
  /** That of the first connection. */
  readonly transport: LinkTransport;
  readonly upSince: number;
  readonly stock = true;
  readonly paused = false;
  readonly rtt = undefined;
  /** Why its last connection ended. */
  endReason = 'connection lost';
  readonly #members = new Map<SshLink, MemberOwner>();
  /** Which connection holds a service. */
  readonly #holders = new Map<string, SshLink>();
  /** Services whose kind is still to be found out; until then they are `tcp`. */
  readonly #untold = new Set<string>();
  readonly #maxChannels: number;
  #newest: SshLink;
  #services: readonly AnnouncedService[] = [];
  #side: SideService | undefined;
  /** Bytes of connections that have left. */
  #gone = { in: 0, out: 0 };
  #ended = false;

  constructor(first: SshLink, parts: { readonly maxChannels: number }) {
    this.deviceId = first.deviceId;
    this.accountId = first.accountId;
    this.deviceName = first.deviceName;
    this.transport = first.transport;
    this.upSince = first.upSince;
    this.#newest = first;
    this.#maxChannels = parts.maxChannels;
  }

  get address(): string {
    return this.#newest.address;
  }

  get agent(): string {
    return this.#newest.agent;
  }

  get services(): readonly AnnouncedService[] {
    return withSide(this.#services, this.#side);
  }

  alsoServe(side: SideService | undefined): void {
    this.#side = side;
  }

  /** Services whose kind is known. */
  get settled(): AnnouncedService[] {
    return this.#services.filter(({ name }) => !this.#untold.has(name));
  }

  get bytesIn(): number {
    return this.#sum((member) => member.bytesIn) + this.#gone.in;
  }

  get bytesOut(): number {
    return this.#sum((member) => member.bytesOut) + this.#gone.out;
  }

  get unsent(): number {
    return this.#sum((member) => member.unsent);
  }

  get openChannels(): number {
    return this.#sum((member) => member.openChannels);
  }

  get connections(): IterableIterator<SshLink> {
    return this.#members.keys();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** False: the link has as many connections as it may have. */
  join(member: SshLink, owner: MemberOwner): boolean {
    if (this.#members.size >= MEMBERS_MAX) return false;
    this.#members.set(member, owner);
    member.announce([]);
    this.#newest = member;
    return true;
  }

  /** The connection has closed. True: it was the last one. */
  leave(member: SshLink): boolean {
    if (!this.#members.delete(member)) return false;
    this.#gone = { in: this.#gone.in + member.bytesIn, out: this.#gone.out + member.bytesOut };
    for (const [name, holder] of this.#holders) if (holder === member) this.#holders.delete(name);
    this.endReason = member.endReason;
    this.#settle();
    return this.#members.size === 0;
  }

  /** Puts a service in; one of the same name moves here from the connection that has it, which may be half open. */
  offer(member: SshLink, service: AnnouncedService, bound: BoundAddress): void {
    const before = this.#holders.get(service.name);
    this.#holders.set(service.name, member);
    this.#untold.add(service.name);
    member.addForward(service.name, bound);
    member.announce([...member.services.filter(({ name }) => name !== service.name), service]);
    if (before !== undefined && before !== member) {
      before.removeForward(service.name);
      this.#members.get(before)?.lost(service.name);
    }
    this.#settle();
  }

  /** It is known what the service is. False: it has gone meanwhile. */
  settleKind(member: SshLink, name: string, kind: ServiceKind): boolean {
    if (this.#holders.get(name) !== member) return false;
    this.#untold.delete(name);
    member.announce(member.services.map((one) => (one.name === name ? { ...one, kind } : one)));
    this.#settle();
    return true;
  }

  setKind(name: string, kind: ServiceKind | 'auto'): void {
    const holder = this.#holders.get(name);
    if (holder !== undefined) this.#members.get(holder)?.setKind(name, kind);
  }

  withdraw(member: SshLink, name: string): void {
    if (this.#holders.get(name) === member) this.#holders.delete(name);
    member.removeForward(name);
    this.#settle();
  }

  /** A port that no service of the device has. */
  freePort(): number {
    let port = FIRST_FREE_PORT;
    while (this.#holders.has(String(port)) || this.#services.some((one) => one.port === port)) port += 1;
    return port;
  }

  openChannel(service: string, from: { address: string; port: number }): Promise<Duplex> {
    const holder = this.#holders.get(service);
    if (this.#ended || this.#members.size === 0) return Promise.reject(new PorchlightError('device_offline'));
    if (holder === undefined) {
      return this.#side?.openChannel(service) ?? Promise.reject(new PorchlightError('service_unknown'));
    }
    if (this.openChannels >= this.#maxChannels) {
      return Promise.reject(new PorchlightError('busy', 'Too many connections to this device are open'));
    }
    return holder.openChannel(service, from);
  }

  ping(): void {
    for (const member of this.#members.keys()) member.ping();
  }

  /** A stock client has nobody who would listen: its owner starts it again. */
  drain(): void {}

  end(reason: string): void {
    this.#ended = true;
    for (const member of [...this.#members.keys()]) member.end(reason);
  }

  #sum(of: (member: SshLink) => number): number {
    let sum = 0;
    for (const member of this.#members.keys()) sum += of(member);
    return sum;
  }

  #settle(): void {
    this.#services = [...this.#members.keys()].flatMap((member) => member.services);
  }
}

/**
 * Brings a connection into the link of its device, which is made and put into the table when there is none that fits.
 * Undefined: the link has as many connections as it may have.
 */
export function joinStockLink(
  links: LinkTable,
  member: SshLink,
  owner: MemberOwner,
  limits: { readonly maxChannels: number },
): StockLink | undefined {
  const there = links.get(member.deviceId);
  if (there instanceof StockLink && !there.ended) {
    if (!there.join(member, owner)) return undefined;
    links.changed(there);
    return there;
  }
  const made = new StockLink(member, limits);
  made.join(member, owner);
  links.attach(made);
  return made;
}
