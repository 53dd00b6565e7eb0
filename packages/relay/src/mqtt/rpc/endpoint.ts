import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type AnnouncedService, PorchlightError } from '@porchlight/protocol';
import {
  decodeFromDevice,
  encodeRpc,
  type RpcAnnouncement,
  type RpcToDevice,
  rpcTopics,
} from '@porchlight/protocol/rpc';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../telemetry/index.ts';
import { TokenBuckets } from '../../token-buckets.ts';
import { ChannelServer } from './channel-server.ts';
import { Exchange } from './exchange.ts';

/** Requests that wait for a place at the device. */
const WAITING_MAX = 64;
/** Bytes of requests on their way to one device, all together: enough for a long line, and its requests share it. */
const UNDERWAY_BYTES = 2 * 1024 * 1024;
/** A device that leaves so many bytes unread is ended. What it may be sent at once stays well below. */
const UNREAD_BYTES_MAX = 16 * 1024 * 1024;
/** Lines in the log about one device's rubbish: five, then one a minute. */
const LOG_LINES = { capacity: 5, refillMs: 60_000 };

/** What of an MQTT connection is needed here. */
export interface RpcConnection {
  /** Bytes that wait because the device does not read. */
  readonly unsent: number;
  send(topic: string, payload: Buffer | string): void;
  end(reason: string): void;
}

export interface RpcEndpointParts {
  readonly connection: RpcConnection;
  /** As the device calls itself in its topics. */
  readonly topicName: string;
  readonly announcement: RpcAnnouncement;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Counts what was dropped. */
  readonly dropped: Readonly<Record<'late' | 'duplicate' | 'rubbish', { add(count: number): void }>>;
}

/**
 * A device that speaks HTTP over MQTT, for as long as its connection lasts. Its channels speak HTTP/1.1, so that
 * nothing else in the relay has to know how the requests travel.
 */
export class RpcEndpoint {
  readonly connection: RpcConnection;
  /** As the device calls itself in its topics. */
  readonly topicName: string;
  readonly #parts: RpcEndpointParts;
  readonly #channels = new ChannelServer((req, res, service) => this.#onRequest(req, res, service));
  readonly #active = new Map<string, Exchange>();
  readonly #waiting: Exchange[] = [];
  readonly #logLines: TokenBuckets;
  /** Answers to an earlier run or connection must not fit. */
  readonly #prefix = randomBytes(4).toString('hex');
  #counter = 0;
  #announcement: RpcAnnouncement;
  #rubbish: { readonly at: number; readonly reason: string } | undefined;
  #closed = false;

  constructor(parts: RpcEndpointParts) {
    this.#parts = parts;
    this.connection = parts.connection;
    this.topicName = parts.topicName;
    this.#announcement = parts.announcement;
    this.#logLines = new TokenBuckets(LOG_LINES, parts.clock);
  }

  get services(): readonly AnnouncedService[] {
    return this.#announcement.services.map((name) => ({ name, kind: 'rpc' }));
  }

  get paused(): boolean {
    return this.#announcement.paused;
  }

  get agent(): string {
    return this.#announcement.agent;
  }

  get openChannels(): number {
    return this.#channels.size;
  }

  /** The device says of itself what it is from now on. */
  update(announcement: RpcAnnouncement): void {
    this.#announcement = announcement;
    this.#startWaiting();
  }

  /** @throws PorchlightError `service_unknown`, `busy`, `device_offline` */
  async openChannel(service: string): Promise<Duplex> {
    if (!this.#closed && !this.#announcement.services.includes(service)) {
      throw new PorchlightError('service_unknown');
    }
    return this.#channels.open(service);
  }

  /** A message of the device on its topic for answers. */
  message(payload: Uint8Array): void {
    const read = decodeFromDevice(payload);
    const exchange = this.#active.get((read.ok ? read.message.id : read.id) ?? '');
    if (!read.ok) {
      this.#parts.dropped.rubbish.add(1);
      if (exchange !== undefined) return exchange.rubbish(read.reason);
      // It may be an answer to any of those that wait.
      this.#rubbish = { at: this.#parts.clock.monotonic(), reason: read.reason };
      this.#complain(read.reason);
    } else if (exchange === undefined) {
      // An acknowledgement that crosses with the end of the answer is nothing to count.
      if (read.message.type !== 'ack') this.#parts.dropped.late.add(1);
    } else exchange.take(read.message);
  }

  /** Ends every channel. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const exchange of [...this.#active.values(), ...this.#waiting]) {
      exchange.fail(new PorchlightError('device_offline'));
    }
    this.#channels.close();
  }

  #onRequest(req: IncomingMessage, res: ServerResponse, service: string): void {
    this.#counter += 1;
    const { clock, dropped } = this.#parts;
    const exchange: Exchange = new Exchange({
      id: `${this.#prefix}${this.#counter.toString(36)}`.slice(-16),
      ...{ req, res, service, clock },
      device: this.#announcement,
      send: (message) => this.#send(message),
      share: () => Math.max(1, Math.floor(UNDERWAY_BYTES / (this.#active.size * this.#announcement.max))),
      rubbishSince: (time) =>
        this.#rubbish !== undefined && this.#rubbish.at >= time ? this.#rubbish.reason : undefined,
      complain: (what) => this.#complain(what),
      duplicate: () => dropped.duplicate.add(1),
      onEnd: () => {
        this.#active.delete(exchange.id);
        const at = this.#waiting.indexOf(exchange);
        if (at >= 0) this.#waiting.splice(at, 1);
        this.#startWaiting();
      },
    });
    if (this.#waiting.length >= WAITING_MAX) return exchange.fail(new PorchlightError('busy'));
    this.#waiting.push(exchange);
    this.#startWaiting();
  }

  #startWaiting(): void {
    while (this.#active.size < this.#announcement.concurrent) {
      const exchange = this.#waiting.shift();
      if (exchange === undefined) return;
      this.#active.set(exchange.id, exchange);
      exchange.start();
    }
  }

  #send(message: RpcToDevice): void {
    if (this.#closed) return;
    if (this.connection.unsent > UNREAD_BYTES_MAX) {
      return this.connection.end('it does not read what is sent to it');
    }
    const bytes = encodeRpc(message);
    this.connection.send(
      rpcTopics(this.topicName).request,
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
  }

  #complain(reason: string): void {
    if (this.#logLines.take('') > 0) return;
    this.#parts.logger.warn({ device: this.topicName, reason }, 'answer over MQTT not understood');
  }
}
