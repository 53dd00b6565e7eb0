import { type AnnouncedService, isServiceName, SERVICES_MAX, type ServiceKind } from '@porchlight/protocol';
import type { TcpipBindInfo } from 'ssh2';
import type { PortRequests } from '../call-home/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceRecord, DeviceStore } from '../devices/index.ts';
import type { EventBus } from '../events.ts';
import type { LinkTable } from '../links/index.ts';
import type { Logger } from '../telemetry/index.ts';
import { detectKind } from './service-kind.ts';
import type { BoundAddress, SshLink } from './ssh-link.ts';
import type { StockLink } from './stock-link.ts';

/** Bind addresses that name no service (RFC 4254 §7.1, and what clients send for "here"). */
const UNNAMED = new Set(['', '*', 'localhost', '127.0.0.1', '::1', '0.0.0.0', '::', '[::]']);

export interface StockForwardsParts {
  readonly device: DeviceRecord;
  readonly link: StockLink;
  readonly member: SshLink;
  readonly links: LinkTable;
  readonly devices: Pick<DeviceStore, 'addServices'>;
  readonly portRequests: Pick<PortRequests, 'match' | 'answer' | 'putBack' | 'whenEnded'>;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A service is known. */
  readonly onService: (name: string, kind: ServiceKind) => void;
  /** The last forward of the connection has gone, and why. */
  readonly onEmpty: (why: string) => void;
}

interface Held {
  readonly bound: BoundAddress;
  /** The relay port of the request that it answers. */
  readonly answers: number | undefined;
  readonly forget: () => void;
}

/** The remote forwards (RFC 4254 §7.1) of one connection, each a service of the device. */
export class StockForwards {
  readonly #parts: StockForwardsParts;
  /** By name of the service. */
  readonly #held = new Map<string, Held>();
  /** Kinds that the device's record has. */
  readonly #known: Map<string, ServiceKind>;

  constructor(parts: StockForwardsParts) {
    this.#parts = parts;
    this.#known = new Map(parts.device.services.map(({ name, kind }) => [name, kind]));
  }

  get size(): number {
    return this.#held.size;
  }

  /** Its services whose kind is known. */
  get settled(): AnnouncedService[] {
    return this.#parts.link.settled.filter(({ name }) => this.#held.has(name));
  }

  /**
   * A forward of a name that another connection of the device holds moves here. Gives why it was refused.
   * @param accept tells the client; before anything is opened to it, since dropbear learns its port from that
   */
  add({ bindAddr, bindPort }: TcpipBindInfo, accept: (port: number) => void): string | undefined {
    const { device, link, links, member, portRequests } = this.#parts;
    const port = bindPort === 0 ? link.freePort() : bindPort;
    const request = UNNAMED.has(bindAddr) && bindPort !== 0 ? portRequests.match(device.id, port) : undefined;
    const name = request === undefined ? serviceNameOf(bindAddr, port) : String(request.devicePort);
    const refused = this.#refusal(name, bindAddr);
    if (name === undefined || refused !== undefined) return refused ?? 'it has no name';
    accept(port);
    if (request !== undefined) portRequests.answer(device.id, port);
    const bound = { address: bindAddr, port };
    const forget =
      request === undefined
        ? () => undefined
        : portRequests.whenEnded(request, () => this.#remove(name, 'the time of this forward is over'));
    this.#held.set(name, { bound, answers: request?.relayPort, forget });
    link.offer(member, { name, kind: 'tcp', port: request?.devicePort ?? port }, bound);
    links.changed(link);
    void this.#learn(name, request?.devicePort ?? port);
    return undefined;
  }

  /** The client takes a forward back, by the address and port that it knows. False: it has none such. */
  cancel({ bindAddr, bindPort }: TcpipBindInfo): boolean {
    for (const [name, { bound, answers }] of this.#held) {
      if (bound.address !== bindAddr || bound.port !== bindPort) continue;
      this.#drop(name);
      if (answers !== undefined) this.#parts.portRequests.putBack(this.#parts.device.id, answers);
      return true;
    }
    return false;
  }

  /** Another connection of the device has taken the service over. */
  lost(name: string): void {
    this.#held.get(name)?.forget();
    this.#held.delete(name);
    if (this.#held.size === 0) this.#parts.onEmpty('the device connected again');
  }

  /** A person has set what a service is, or leaves that to trying again. */
  setKind(name: string, kind: ServiceKind | 'auto'): void {
    const { link, links, member } = this.#parts;
    const port = link.services.find((one) => one.name === name)?.port;
    if (!this.#held.has(name) || port === undefined) return;
    if (kind === 'auto') {
      this.#known.delete(name);
      void this.#learn(name, port);
    } else {
      this.#known.set(name, kind);
      if (link.settleKind(member, name, kind)) links.changed(link);
    }
  }

  /** The connection has closed: requests that it answered wait for the device again. */
  close(): void {
    for (const { answers, forget } of this.#held.values()) {
      forget();
      if (answers !== undefined) this.#parts.portRequests.putBack(this.#parts.device.id, answers);
    }
    this.#held.clear();
  }

  #refusal(name: string | undefined, bindAddr: string): string | undefined {
    if (name === undefined) {
      const what = UNNAMED.has(bindAddr) ? 'that port' : 'that bind address';
      return `${what} can be no name of a service: lower-case letters, digits and inner hyphens, 29 at most`;
    }
    if (this.#held.has(name)) return `${name} is forwarded over this connection already`;
    const { services } = this.#parts.link;
    if (services.length >= SERVICES_MAX && !services.some((one) => one.name === name)) {
      return `a device may have ${SERVICES_MAX} forwards at a time`;
    }
    return undefined;
  }

  #remove(name: string, why: string): void {
    this.#drop(name);
    if (this.#held.size === 0) this.#parts.onEmpty(why);
  }

  #drop(name: string): void {
    const { link, links, member } = this.#parts;
    this.#held.get(name)?.forget();
    this.#held.delete(name);
    // Whoever forwards ever new names is not remembered for each.
    if (!this.#parts.device.services.some((one) => one.name === name)) this.#known.delete(name);
    link.withdraw(member, name);
    links.changed(link);
  }

  /** Finds out what the service is, and keeps that if it is news. */
  async #learn(name: string, port: number): Promise<void> {
    const { clock, device, devices, events, link, links, logger, member } = this.#parts;
    const known = this.#known.get(name);
    try {
      const found = known ?? (await detectKind(link, name, port, clock));
      // A person may have said what it is meanwhile.
      const kind = this.#known.get(name) ?? found;
      if (!link.settleKind(member, name, kind)) return;
      if (known === undefined) {
        this.#known.set(name, kind);
        await devices.addServices(device.id, link.settled);
        events.publish({ type: 'device-changed', accountId: device.accountId, deviceId: device.id });
      }
      links.changed(link);
      this.#parts.onService(name, kind);
    } catch (error) {
      this.#known.delete(name);
      logger.error({ error, device: device.name }, 'services not kept');
    }
  }
}

/** `jupyter` for `-R jupyter:80:…`; the port for `-R 8888:…`, whose bind address is empty, `*` or a loopback name. */
export function serviceNameOf(address: string, port: number): string | undefined {
  const name = UNNAMED.has(address) ? String(port) : address.toLowerCase();
  return isServiceName(name) && port >= 1 && port <= 65_535 ? name : undefined;
}
