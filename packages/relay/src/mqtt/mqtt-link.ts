import type { Duplex } from 'node:stream';
import { type AnnouncedService, PorchlightError } from '@porchlight/protocol';
import type { Link, SideService } from '../links/index.ts';
import type { MqttConnection } from './mqtt-connection.ts';
import type { RpcEndpoint } from './rpc/index.ts';

/** The device of a link. */
export type LinkDevice = Pick<Link, 'deviceId' | 'accountId' | 'deviceName'>;

/** Answers for services of a device, over one of its connections. Its channels speak HTTP/1.1. */
export interface MqttEndpoint extends SideService {
  /** What runs there, for people. */
  readonly agent: string;
  readonly openChannels: number;
  /** Ends every channel. Idempotent. */
  close(): void;
}

/** What a device that speaks nothing but MQTT has of a link. */
export class MqttLink implements Link {
  readonly deviceId: string;
  readonly accountId: string;
  readonly deviceName: string;
  readonly transport = 'mqtt';
  readonly address: string;
  readonly upSince: number;
  readonly stock = false;
  readonly rtt = undefined;
  /** MQTT has its own keep-alive, which the broker minds: nothing is left to watch. */
  readonly connections = [];
  readonly mqtt = new Set<MqttConnection>();
  /** Set while a connection of it has announced services. */
  rpc: RpcEndpoint | undefined;
  /** Set while a connection of it is another system's client, which serves. */
  served: { readonly connection: MqttConnection; readonly endpoint: MqttEndpoint } | undefined;
  #goneIn = 0;
  #goneOut = 0;

  constructor(device: LinkDevice, first: MqttConnection) {
    this.deviceId = device.deviceId;
    this.accountId = device.accountId;
    this.deviceName = device.deviceName;
    this.address = first.address;
    this.upSince = first.since;
  }

  get agent(): string {
    return this.rpc?.agent || this.served?.endpoint.agent || 'MQTT client';
  }

  get services(): readonly AnnouncedService[] {
    const announced = this.rpc?.services ?? [];
    const served = this.served?.endpoint.services ?? [];
    return [...announced, ...served.filter(({ name }) => !announced.some((one) => one.name === name))];
  }

  get paused(): boolean {
    return this.rpc?.paused ?? false;
  }

  get openChannels(): number {
    return (this.rpc?.openChannels ?? 0) + (this.served?.endpoint.openChannels ?? 0);
  }

  get bytesIn(): number {
    let bytes = this.#goneIn;
    for (const one of this.mqtt) bytes += one.bytesIn;
    return bytes;
  }

  get bytesOut(): number {
    let bytes = this.#goneOut;
    for (const one of this.mqtt) bytes += one.bytesOut;
    return bytes;
  }

  get unsent(): number {
    let bytes = 0;
    for (const one of this.mqtt) bytes += one.unsent;
    return bytes;
  }

  noteGone(connection: MqttConnection): void {
    this.#goneIn += connection.bytesIn;
    this.#goneOut += connection.bytesOut;
  }

  openChannel(service: string): Promise<Duplex> {
    const endpoint = [this.rpc, this.served?.endpoint].find((one) =>
      one?.services.some(({ name }) => name === service),
    );
    return (
      endpoint?.openChannel(service) ??
      Promise.reject(new PorchlightError('service_unknown', `The device offers no service ${service}`))
    );
  }

  ping(): void {}

  /** MQTT cannot tell a client when to come back; it comes back by itself. */
  drain(): void {}

  giveWay(): void {}

  end(reason: string): void {
    for (const one of [...this.mqtt]) one.end(reason);
  }
}
