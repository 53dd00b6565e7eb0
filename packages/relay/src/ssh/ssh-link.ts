import type { Duplex } from 'node:stream';
import { adoptChannel } from '@porchlight/link';
import { type AnnouncedService, PorchlightError, type RelayMessage } from '@porchlight/protocol';
import type { Connection } from 'ssh2';
import type { Clock } from '../clock.ts';
import type { Link, LinkTransport, SideService } from '../links/index.ts';
import { HoldBack } from './hold-back.ts';
import { hasUsablePacketSize } from './packet-size.ts';

/** A device that does not answer a channel opening for so long has a problem of its own: 504. */
const CHANNEL_OPEN_DEADLINE_MS = 10_000;

/** Bind address and port of a remote forward, as the device asked for them (RFC 4254 §7.1). */
export interface BoundAddress {
  readonly address: string;
  readonly port: number;
}

/** The connection below SSH, counted. */
export interface LinkSocket {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes accepted for writing that the network has not taken yet. */
  readonly writableLength: number;
  addListener(event: 'drain', listener: () => void): unknown;
  destroy(): void;
}

export interface SshLinkParts {
  readonly device: { readonly id: string; readonly accountId: string; readonly name: string };
  readonly connection: Connection;
  readonly socket: LinkSocket;
  readonly transport: LinkTransport;
  readonly address: string;
  readonly agent: string;
  readonly maxChannels: number;
  readonly clock: Clock;
  /** Writes to the control channel; a stock client has none. */
  readonly send?: (message: RelayMessage) => void;
  /** Asks the device for a sign of life; an agent gives them by itself. */
  readonly ping?: () => void;
  /** Tells the client why and disconnects; absent: disconnects. */
  readonly disconnect?: (reason: string) => void;
}

/** All that is offered, what comes first before what has the same name. */
export function withSide(
  first: readonly AnnouncedService[],
  side: SideService | undefined,
): readonly AnnouncedService[] {
  if (side === undefined) return first;
  return [...first, ...side.services.filter(({ name }) => !first.some((one) => one.name === name))];
}

/** A device's SSH connection as a link: each channel is a `forwarded-tcpip` (RFC 4254 §7.2) to a service by name. */
export class SshLink implements Link {
  readonly deviceId: string;
  readonly accountId: string;
  readonly deviceName: string;
  readonly transport: LinkTransport;
  readonly address: string;
  readonly upSince: number;
  readonly agent: string;
  /** Why the link ended, from whoever ended it; otherwise the connection was lost. */
  endReason = 'connection lost';
  paused = false;
  rtt: { ms: number; at: number } | undefined;
  readonly #parts: SshLinkParts;
  readonly #holdBack: HoldBack;
  readonly #forwarded = new Map<string, BoundAddress>();
  #announced: readonly AnnouncedService[] | undefined;
  #services: readonly AnnouncedService[] = [];
  #side: SideService | undefined;
  #openChannels = 0;
  #ended = false;

  constructor(parts: SshLinkParts) {
    this.#parts = parts;
    this.#holdBack = new HoldBack(parts.socket);
    this.deviceId = parts.device.id;
    this.accountId = parts.device.accountId;
    this.deviceName = parts.device.name;
    this.transport = parts.transport;
    this.address = parts.address;
    this.agent = parts.agent;
    this.upSince = parts.clock.now();
  }

  get services(): readonly AnnouncedService[] {
    return withSide(this.#services, this.#side);
  }

  alsoServe(side: SideService | undefined): void {
    this.#side = side;
  }

  get bytesIn(): number {
    return this.#parts.socket.bytesRead;
  }

  get bytesOut(): number {
    return this.#parts.socket.bytesWritten;
  }

  /** Bytes that wait for the network: a peer that never reads makes this grow. */
  get unsent(): number {
    return this.#parts.socket.writableLength;
  }

  get openChannels(): number {
    return this.#openChannels;
  }

  /** Without a control channel it is a stock client's. */
  get stock(): boolean {
    return this.#parts.send === undefined;
  }

  /** True once its end was asked for or has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** True once the device has said what it offers, be it nothing. */
  get announced(): boolean {
    return this.#announced !== undefined;
  }

  /** A service counts as offered when it is both announced and forwarded. */
  announce(services: readonly AnnouncedService[]): void {
    this.#announced = services;
    this.#settleServices();
  }

  addForward(name: string, bound: BoundAddress): void {
    this.#forwarded.set(name, bound);
    this.#settleServices();
  }

  removeForward(name: string): void {
    this.#forwarded.delete(name);
    this.#settleServices();
  }

  get forwardCount(): number {
    return this.#forwarded.size;
  }

  openChannel(service: string, from: { address: string; port: number }): Promise<Duplex> {
    if (this.#ended) return Promise.reject(new PorchlightError('device_offline'));
    const bound = this.#forwarded.get(service);
    if (bound === undefined || !this.#services.some((offered) => offered.name === service)) {
      if (this.#side?.services.some(({ name }) => name === service)) return this.#side.openChannel(service);
      return Promise.reject(new PorchlightError('service_unknown'));
    }
    if (this.#openChannels >= this.#parts.maxChannels) {
      return Promise.reject(new PorchlightError('busy', 'Too many connections to this device are open'));
    }
    this.#openChannels += 1;
    return new Promise((resolve, reject) => {
      let late = false;
      const cancelDeadline = this.#parts.clock.after(CHANNEL_OPEN_DEADLINE_MS, () => {
        late = true;
        reject(new PorchlightError('device_timeout'));
      });
      this.#parts.connection.forwardOut(
        bound.address,
        bound.port,
        from.address,
        from.port,
        (error, opened) => {
          cancelDeadline();
          if (error !== undefined) {
            this.#openChannels -= 1;
            reject(
              this.#ended
                ? new PorchlightError('device_offline')
                : new PorchlightError('service_unreachable', undefined, { cause: error }),
            );
            return;
          }
          if (!hasUsablePacketSize(opened)) {
            this.#openChannels -= 1;
            this.end('the device asked for packets that are too small');
            reject(new PorchlightError('service_unreachable'));
            return;
          }
          const channel = adoptChannel(opened, () => this.end('the device sent more than it was allowed to'));
          this.#holdBack.apply(opened);
          channel.once('close', () => {
            this.#openChannels -= 1;
          });
          if (late) channel.destroy();
          else resolve(channel);
        },
      );
    });
  }

  drain(afterMs: number): void {
    this.#parts.send?.({ type: 'drain', after: afterMs });
  }

  ping(): void {
    if (!this.#ended) this.#parts.ping?.();
  }

  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.endReason = reason;
    if (this.#parts.disconnect === undefined) this.#parts.connection.end();
    else this.#parts.disconnect(reason);
    // The peer may be gone without a word: do not wait for its FIN.
    this.#parts.clock.after(1000, () => this.#parts.socket.destroy());
  }

  /** The device ended the connection in order; unless we did before, that is the reason. */
  peerEnded(): void {
    if (!this.#ended) this.endReason = 'the device disconnected';
  }

  /** To be called when the connection has closed. */
  markClosed(): void {
    this.#ended = true;
  }

  #settleServices(): void {
    this.#services = (this.#announced ?? []).filter((service) => this.#forwarded.has(service.name));
  }
}
