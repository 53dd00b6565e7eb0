import type { Duplex } from 'node:stream';
import { type AnnouncedService, PorchlightError } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import type { Link, LinkListener, LinkTable } from '../links/index.ts';
import type { Logger } from '../telemetry/index.ts';
import type { MqttConnection, MqttMessage, MqttWatcher } from './mqtt-connection.ts';
import { type KnownServices, RpcDevices, type RpcEndpoint, type RpcEndpointParts } from './rpc/index.ts';
import { parseTelemetry } from './telemetry.ts';

export interface MqttLinksParts {
  readonly links: LinkTable;
  /** Takes what a device reports of itself. */
  readonly readings: {
    note(device: { id: string; accountId: string }, values: ReadonlyMap<string, string>, at: number): void;
  };
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keeps what a device announces in its record. */
  readonly knownServices: Pick<KnownServices, 'note'>;
  /** Counts what was dropped of HTTP over MQTT. */
  readonly rpcDropped: RpcEndpointParts['dropped'];
}

/**
 * Makes devices that speak MQTT count as up: all MQTT connections of a device are one link. It gives way to an agent's
 * or SSH client's link of the same device, and comes back when that has ended.
 */
export class MqttLinks implements MqttWatcher, LinkListener {
  readonly #parts: MqttLinksParts;
  readonly #byDevice = new Map<string, MqttLink>();
  readonly #rpc: RpcDevices;

  constructor(parts: MqttLinksParts) {
    this.#parts = parts;
    this.#rpc = new RpcDevices({
      ...{ clock: parts.clock, logger: parts.logger, dropped: parts.rpcDropped },
      onChange: (link) => parts.knownServices.note(link as MqttLink),
    });
    parts.links.listen(this);
  }

  /** Of a watcher: a client has come. Of a listener to links: nothing is to be done. */
  up(came: MqttConnection | Link): void {
    if (!('identity' in came)) return;
    const { deviceId, deviceName, accountId } = came.identity;
    if (deviceId === undefined || deviceName === undefined || accountId === undefined) return;
    let link = this.#byDevice.get(deviceId);
    if (link === undefined) {
      link = new MqttLink({ deviceId, deviceName, accountId }, came);
      this.#byDevice.set(deviceId, link);
    }
    link.mqtt.add(came);
    this.#attach(link);
  }

  changed(): void {}

  down(gone: MqttConnection | Link, reason: string): void {
    if ('identity' in gone) this.#clientGone(gone, reason);
    else if (!(gone instanceof MqttLink)) {
      const waiting = this.#byDevice.get(gone.deviceId);
      // Not at once: the table may be about to take the device's next link.
      if (waiting !== undefined) queueMicrotask(() => this.#attach(waiting));
    }
  }

  message(connection: MqttConnection, message: MqttMessage): void {
    const { topic, payload } = message;
    const { deviceId, accountId, kind, prefixes } = connection.identity;
    if (kind !== 'device' || deviceId === undefined || accountId === undefined) return;
    const link = this.#byDevice.get(deviceId);
    if (link !== undefined && this.#rpc.message(link, connection, message)) return;
    const values = parseTelemetry(prefixes, topic, payload);
    if (values === undefined || values.size === 0) return;
    this.#parts.readings.note({ id: deviceId, accountId }, values, this.#parts.clock.now());
  }

  #clientGone(connection: MqttConnection, reason: string): void {
    const { deviceId } = connection.identity;
    const link = deviceId === undefined ? undefined : this.#byDevice.get(deviceId);
    if (deviceId === undefined || link?.mqtt.delete(connection) !== true) return;
    link.noteGone(connection);
    this.#rpc.gone(link, connection);
    if (link.mqtt.size > 0) return;
    this.#byDevice.delete(deviceId);
    this.#parts.links.detach(link, reason);
  }

  #attach(link: MqttLink): void {
    if (link.mqtt.size === 0 || this.#parts.links.get(link.deviceId) !== undefined) return;
    this.#parts.links.attach(link);
  }
}

/** What a device that speaks nothing but MQTT has of a link. */
class MqttLink implements Link {
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
  #goneIn = 0;
  #goneOut = 0;

  constructor(device: { deviceId: string; accountId: string; deviceName: string }, first: MqttConnection) {
    this.deviceId = device.deviceId;
    this.accountId = device.accountId;
    this.deviceName = device.deviceName;
    this.address = first.address;
    this.upSince = first.since;
  }

  get agent(): string {
    return this.rpc?.agent || 'MQTT client';
  }

  get services(): readonly AnnouncedService[] {
    return this.rpc?.services ?? [];
  }

  get paused(): boolean {
    return this.rpc?.paused ?? false;
  }

  get openChannels(): number {
    return this.rpc?.openChannels ?? 0;
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
    return (
      this.rpc?.openChannel(service) ??
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
