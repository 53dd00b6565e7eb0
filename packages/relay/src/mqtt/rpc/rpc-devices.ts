import { parseAnnouncement, parseRpcTopic, type RpcAnnouncement } from '@porchlight/protocol/rpc';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { MqttConnection, MqttMessage } from '../mqtt-connection.ts';
import { RpcEndpoint, type RpcEndpointParts } from './endpoint.ts';

/** What has an endpoint while a connection of its device has announced services: the device's link. */
export interface RpcHolder {
  rpc: RpcEndpoint | undefined;
}

export interface RpcDevicesParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dropped: RpcEndpointParts['dropped'];
  /** What the device has of services has changed. */
  readonly onChange: (holder: RpcHolder) => void;
}

/** Hears which devices announce services over MQTT, and hands their answers on. */
export class RpcDevices {
  readonly #parts: RpcDevicesParts;

  constructor(parts: RpcDevicesParts) {
    this.#parts = parts;
  }

  /** Takes a message of a device; false: it is about something else. The newest connection that announces counts. */
  message(holder: RpcHolder, connection: MqttConnection, message: MqttMessage): boolean {
    const about = parseRpcTopic(message.topic);
    if (about === undefined) return false;
    if (about.kind === 'services') this.#announced(holder, connection, about.device, message.payload);
    else if (holder.rpc?.connection === connection) holder.rpc.message(message.payload);
    else this.#parts.dropped.late.add(1);
    return true;
  }

  /** A connection has ended, and its endpoint with it. */
  gone(holder: RpcHolder, connection: MqttConnection): void {
    if (holder.rpc?.connection === connection) this.#replace(holder, undefined);
  }

  #announced(holder: RpcHolder, connection: MqttConnection, topicName: string, payload: Uint8Array): void {
    const read = parseAnnouncement(payload);
    const { logger } = this.#parts;
    if (!read.ok) {
      logger.warn({ device: topicName, reason: read.reason }, 'services over MQTT not understood');
      return;
    }
    const { announcement } = read;
    const own = holder.rpc?.connection === connection && holder.rpc.topicName === topicName;
    if (announcement === undefined) {
      if (own) this.#replace(holder, undefined);
    } else if (own) {
      holder.rpc?.update(announcement);
      this.#parts.onChange(holder);
    } else this.#replace(holder, this.#open(connection, topicName, announcement));
  }

  #open(connection: MqttConnection, topicName: string, announcement: RpcAnnouncement): RpcEndpoint {
    const { clock, logger, dropped } = this.#parts;
    return new RpcEndpoint({ connection, topicName, announcement, clock, logger, dropped });
  }

  #replace(holder: RpcHolder, next: RpcEndpoint | undefined): void {
    holder.rpc?.close();
    holder.rpc = next;
    this.#parts.onChange(holder);
  }
}
