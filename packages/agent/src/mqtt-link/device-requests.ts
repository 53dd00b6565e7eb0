import http from 'node:http';
import type { Duplex } from 'node:stream';
import { type Channel, openChannelPair } from '@porchlight/link';
import { decodeToDevice, encodeRpc, type RpcFromDevice, type RpcRequest } from '@porchlight/protocol/rpc';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log/index.ts';
import { DeviceRequest } from './device-request.ts';

/** Requests worked on at once, as announced: as many connections go to a local server at most. */
export const REQUESTS_MAX = 64;

export interface DeviceRequestsParts {
  /** Hands a channel to a service, or rejects. */
  readonly onChannel: (service: string, accept: () => Channel | undefined, reject: () => void) => void;
  readonly publish: (payload: Buffer) => void;
  readonly clock: Pick<Clock, 'after'>;
  readonly logger: Logger;
}

/** The relay's requests over one MQTT connection. */
export class DeviceRequests {
  readonly #parts: DeviceRequestsParts;
  readonly #active = new Map<string, DeviceRequest>();
  readonly #agents = new Map<string, http.Agent>();

  constructor(parts: DeviceRequestsParts) {
    this.#parts = parts;
  }

  /** A message of the relay. */
  message(payload: Uint8Array): void {
    const read = decodeToDevice(payload);
    if (!read.ok) {
      this.#parts.logger.warn({ reason: read.reason }, 'request over MQTT not understood');
      return;
    }
    const { message } = read;
    if (message.type === 'request') this.#begin(message);
    else this.#active.get(message.id)?.take(message);
  }

  /** Ends all of them, and their connections. Idempotent. */
  close(): void {
    for (const request of [...this.#active.values()]) request.cancel();
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #begin(request: RpcRequest): void {
    const { id } = request;
    if (this.#active.has(id)) return;
    if (this.#active.size >= REQUESTS_MAX) {
      this.#send({ type: 'refuse', id, code: 'busy', reason: `${REQUESTS_MAX} requests at once` });
      return;
    }
    try {
      const made = new DeviceRequest({
        request,
        agent: this.#agent(request.service),
        send: (message) => this.#send(message),
        clock: this.#parts.clock,
        onEnd: () => void this.#active.delete(id),
      });
      this.#active.set(id, made);
    } catch (error) {
      // Its fields do not go together, such as trailers without chunks.
      this.#parts.logger.warn({ error }, 'request over MQTT is none of HTTP');
      this.#send({ type: 'refuse', id, code: 'unreachable', reason: 'the request is none of HTTP' });
    }
  }

  #send(message: RpcFromDevice): void {
    const bytes = encodeRpc(message);
    this.#parts.publish(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  #agent(service: string): http.Agent {
    const there = this.#agents.get(service);
    if (there !== undefined) return there;
    const agent = new http.Agent({ keepAlive: true, maxFreeSockets: REQUESTS_MAX });
    agent.createConnection = (_options, created) => {
      this.#parts.onChannel(
        service,
        () => {
          const [near, far] = openChannelPair();
          created?.(null, near);
          return far;
        },
        () => created?.(new Error('the service cannot be reached'), undefined as unknown as Duplex),
      );
      return undefined;
    };
    this.#agents.set(service, agent);
    return agent;
  }
}
