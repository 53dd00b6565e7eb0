import type { Device } from '@porchlight/protocol/api';
import { parseTcpAddress } from '@porchlight/protocol/lan';
import type { CallOptions } from '../api/index.ts';
import {
  type ConnectOptions,
  openTunnel,
  type TcpConnection,
  type TcpTarget,
  type Tunnel,
  tcpConnection,
} from '../tcp/index.ts';
import { DeviceFacts } from './device-facts.ts';
import { RemoteService, type ServiceParts } from './remote-service.ts';

/** A device, by its name. */
export class RemoteDevice {
  readonly name: string;
  readonly #parts: ServiceParts;
  readonly #services = new Map<string, RemoteService>();

  /** Made by {@link Client.device}. */
  constructor(parts: Omit<ServiceParts, 'facts' | 'connect'>, name: string) {
    this.name = name;
    const facts = new DeviceFacts(parts.api, name);
    const connect = (service: string, options?: ConnectOptions) => this.connect(service, options);
    this.#parts = { ...parts, facts, connect };
  }

  /** A service by its name. Whether there is one shows when it is used. */
  service(name: string): RemoteService {
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    const made = new RemoteService(this.#parts, name);
    this.#services.set(name, made);
    return made;
  }

  /** What the relay says of the device; at most a minute old. @throws PorchlightError `not_found` and others */
  info(options?: CallOptions): Promise<Device> {
    return this.#parts.facts.device(options);
  }

  /**
   * Opens a TCP connection to a port of the device, or to a service of it that is no web service: on the LAN where the
   * service is open there and the device proves itself, else over the relay's HTTPS port. A device that calls home is
   * waited for.
   * @throws PorchlightError `device_offline` with `offlineSince`, `service_unknown`, `scope_missing` and others
   */
  async connect(target: TcpTarget, options: ConnectOptions = {}): Promise<TcpConnection> {
    return tcpConnection(await this.tunnel(target, options));
  }

  /** As {@link RemoteDevice.connect}, as a thing to be read and written piece by piece. */
  async tunnel(target: TcpTarget, options: ConnectOptions = {}): Promise<Tunnel> {
    const { api, facts, webSocket } = this.#parts;
    const onLan = await this.#lanTunnel(target, options);
    if (onLan !== undefined) return onLan;
    const { id } = await facts.device(options);
    return openTunnel(api.caller, webSocket(), { device: id, target }, options);
  }

  /** Undefined: it is not open on the LAN, or does not answer there. */
  async #lanTunnel(target: TcpTarget, { signal }: ConnectOptions): Promise<Tunnel | undefined> {
    const { lanTcp, facts } = this.#parts;
    if (lanTcp === undefined) return undefined;
    const { services } = await facts.deviceOrLast();
    const found = services.find(({ name, port }) => name === target || port === target);
    if (found?.kind !== 'tcp' || found.lan === undefined) return undefined;
    const service = this.service(found.name);
    const route = await service.choose();
    const address = route.kind === 'lan' ? parseTcpAddress(route.origin) : undefined;
    if (address === undefined) return undefined;
    try {
      return await lanTcp(address, signal ?? undefined);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      service.lost();
      return undefined;
    }
  }
}
