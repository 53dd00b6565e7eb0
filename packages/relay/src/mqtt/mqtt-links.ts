import type { Clock } from '../clock.ts';
import type { Link, LinkListener, LinkTable } from '../links/index.ts';
import type { Logger } from '../telemetry/index.ts';
import type { MqttConnection, MqttMessage, MqttWatcher } from './mqtt-connection.ts';
import { type LinkDevice, type MqttEndpoint, MqttLink } from './mqtt-link.ts';
import { type KnownServices, RpcDevices, type RpcEndpointParts } from './rpc/index.ts';
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
  readonly #byConnection = new Map<MqttConnection, MqttLink>();
  readonly #rpc: RpcDevices;

  constructor(parts: MqttLinksParts) {
    this.#parts = parts;
    this.#rpc = new RpcDevices({
      ...{ clock: parts.clock, logger: parts.logger, dropped: parts.rpcDropped },
      onChange: (link) => parts.knownServices.note(link as MqttLink),
    });
    parts.links.listen(this);
  }

  /** Of a watcher: a client has come. Of a listener to links: what serves over MQTT does so beside this one. */
  up(came: MqttConnection | Link): void {
    if (!('identity' in came)) return came.alsoServe?.(this.#byDevice.get(came.deviceId)?.served?.endpoint);
    const { deviceId, deviceName, accountId } = came.identity;
    if (deviceId === undefined || deviceName === undefined || accountId === undefined) return;
    this.#attach(this.#join({ deviceId, deviceName, accountId }, came));
  }

  /**
   * Another system's client on this connection serves for a device from now on, in place of one that did before. Both
   * end with the connection, or by {@link withdraw}.
   */
  serve(device: LinkDevice, connection: MqttConnection, endpoint: MqttEndpoint): void {
    const link = this.#join(device, connection);
    link.served?.endpoint.close();
    link.served = { connection, endpoint };
    this.#attach(link);
    this.#servedChanged(link);
  }

  /** The client on this connection serves no more. */
  withdraw(connection: MqttConnection, reason: string): void {
    const link = this.#byConnection.get(connection);
    if (link === undefined) return;
    this.#unserve(link, connection);
    if (connection.identity.deviceId === undefined) this.#clientGone(connection, reason);
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

  #join(device: LinkDevice, connection: MqttConnection): MqttLink {
    const link = this.#byDevice.get(device.deviceId) ?? new MqttLink(device, connection);
    this.#byDevice.set(device.deviceId, link);
    this.#byConnection.set(connection, link);
    link.mqtt.add(connection);
    return link;
  }

  #clientGone(connection: MqttConnection, reason: string): void {
    const link = this.#byConnection.get(connection);
    if (link === undefined) return;
    this.#byConnection.delete(connection);
    link.mqtt.delete(connection);
    link.noteGone(connection);
    this.#rpc.gone(link, connection);
    this.#unserve(link, connection);
    if (link.mqtt.size > 0) return;
    this.#byDevice.delete(link.deviceId);
    this.#parts.links.detach(link, reason);
  }

  #unserve(link: MqttLink, connection: MqttConnection): void {
    if (link.served?.connection !== connection) return;
    link.served.endpoint.close();
    link.served = undefined;
    this.#servedChanged(link);
  }

  #servedChanged(link: MqttLink): void {
    this.#parts.knownServices.note(link);
    const up = this.#parts.links.get(link.deviceId);
    if (up === undefined || up === link) return;
    up.alsoServe?.(link.served?.endpoint);
    this.#parts.links.changed(up);
  }

  #attach(link: MqttLink): void {
    if (link.mqtt.size === 0 || this.#parts.links.get(link.deviceId) !== undefined) return;
    this.#parts.links.attach(link);
  }
}
