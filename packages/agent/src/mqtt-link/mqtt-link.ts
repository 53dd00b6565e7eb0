import type { Duplex } from 'node:stream';
import type { LinkedService } from '@porchlight/protocol';
import {
  RPC_HEAD_MAX,
  RPC_PART_MAX,
  RPC_VERSION,
  type RpcAnnouncement,
  type RpcTopics,
  rpcTopics,
} from '@porchlight/protocol/rpc';
import type { MqttClient } from 'mqtt';
import type { Clock } from '../clock.ts';
import { type AgentLinkParts, Backoff, type LinkPhase } from '../link/index.ts';
import type { Logger } from '../log/index.ts';
import type { Broker } from './broker.ts';
import { brokerTrouble, connectBroker } from './connect.ts';
import { REQUEST_WINDOW } from './device-request.ts';
import { DeviceRequests, REQUESTS_MAX } from './device-requests.ts';
import { openBrokerStream } from './stream.ts';

/** The relay has this long to take the goodbye. */
const END_GRACE_MS = 1_000;
/** After a refusal that only a person can lift. */
const REFUSED_WAIT_MS = 10 * 60_000;
/** As long as a request may take at most, by the contract: local servers may be slow. */
const ANSWER_MS = 120_000;

export interface MqttLinkParts
  extends Broker,
    Pick<AgentLinkParts, 'onPhase' | 'onDenied' | 'onChannel' | 'environment'> {
  readonly agent: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

/** How a connection went. */
interface Ended {
  reason: string;
  wasUp: boolean;
  refused: boolean;
}

/** Serves the device's web services over MQTT alone, for ever: connects, announces, and begins again when it ends. */
export class MqttLink {
  readonly #parts: MqttLinkParts;
  readonly #topics: RpcTopics;
  readonly #backoff: Backoff;
  #phase: LinkPhase;
  #client: MqttClient | undefined;
  #services: readonly LinkedService[] = [];
  #paused = false;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(parts: MqttLinkParts) {
    this.#parts = parts;
    this.#topics = rpcTopics(parts.user);
    this.#backoff = new Backoff(parts.random);
    this.#phase = { kind: 'stopped', since: parts.clock.now() };
  }

  get phase(): LinkPhase {
    return this.#phase;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** What is offered from now on; `tcp` services cannot be, over MQTT. */
  offer(services: readonly LinkedService[]): void {
    this.#services = services;
    this.#announce();
  }

  tellPaused(paused: boolean): void {
    this.#paused = paused;
    this.#announce();
  }

  /** Ends the connection and does not come back. */
  async close(): Promise<void> {
    this.#stop.abort();
    const client = this.#client;
    client?.end();
    // One that is still connecting, or whose relay does not answer, does not end in order.
    const cancel = this.#parts.clock.after(END_GRACE_MS, () => client?.end(true));
    this.#wake?.();
    await this.#running;
    cancel();
    this.#setPhase({ kind: 'stopped', since: this.#parts.clock.now() });
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#parts;
    while (!this.#stop.signal.aborted) {
      this.#setPhase({ kind: 'connecting', since: clock.now() });
      const begun = clock.monotonic();
      const { reason, wasUp, refused } = await this.#connectOnce();
      if (this.#stop.signal.aborted) return;
      if (wasUp) this.#backoff.lived(clock.monotonic() - begun);
      const wait = refused ? REFUSED_WAIT_MS : this.#backoff.next();
      this.#setPhase({ kind: 'waiting', since: clock.now(), reason, until: clock.now() + wait });
      logger.warn({ reason, waitMs: wait }, 'link down');
      await new Promise<void>((resolve) => {
        const cancel = clock.after(wait, resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
    }
  }

  /** One connection; resolves when it has ended. */
  async #connectOnce(): Promise<Ended> {
    const parts = this.#parts;
    try {
      const stream = await openBrokerStream(parts, {
        environment: parts.environment,
        signal: this.#stop.signal,
      });
      if (!this.#stop.signal.aborted) return await this.#serve(stream);
      stream.destroy();
      return { reason: 'stopped', wasUp: false, refused: false };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { reason, wasUp: false, refused: false };
    }
  }

  #serve(stream: Duplex): Promise<Ended> {
    const { clock, logger, onChannel, onDenied } = this.#parts;
    const client = connectBroker(this.#parts, stream);
    this.#client = client;
    const requests = new DeviceRequests({
      onChannel,
      publish: (payload) => void client.publish(this.#topics.response, payload),
      ...{ clock, logger },
    });
    const result: Ended = { reason: 'the connection was lost', wasUp: false, refused: false };
    let pinged = 0;
    return new Promise((resolve) => {
      client.on('connect', () => {
        result.wasUp = true;
        client.subscribe(this.#topics.request, (error) => {
          if (error) {
            result.reason = `the relay does not let it subscribe: ${error.message}`;
            client.end(true);
          } else this.#isUp();
        });
      });
      client.on('message', (_topic, payload) => requests.message(payload));
      client.on('packetsend', ({ cmd }) => {
        if (cmd === 'pingreq') pinged = clock.monotonic();
      });
      client.on('packetreceive', ({ cmd }) => {
        if (cmd === 'pingresp' && this.#phase.kind === 'up') {
          this.#setPhase({ ...this.#phase, rtt: clock.monotonic() - pinged });
        }
      });
      client.on('error', (error) => {
        const trouble = brokerTrouble(error, this.#parts);
        result.reason = result.wasUp ? error.message : trouble.error.message;
        if (!trouble.lasting) return;
        result.refused = true;
        const [reason = '', hint = ''] = trouble.error.message.split(/: (?=[^:]*$)/);
        onDenied({ reason, hint, retry: false });
      });
      client.once('close', () => {
        requests.close();
        this.#client = undefined;
        client.end(true);
        resolve(result);
      });
    });
  }

  #isUp(): void {
    const { clock, logger, url, user } = this.#parts;
    const domain = new URL(url).hostname;
    this.#setPhase({
      kind: 'up',
      since: clock.now(),
      transport: 'mqtt',
      device: user,
      domain,
      rtt: undefined,
    });
    logger.info({ transport: 'mqtt', device: user, domain }, 'link up');
    this.#announce();
  }

  #announce(): void {
    if (this.#phase.kind !== 'up') return;
    const announcement: RpcAnnouncement = {
      rpc: RPC_VERSION,
      services: this.#services.filter(({ kind }) => kind === 'http').map(({ name }) => name),
      agent: this.#parts.agent,
      max: RPC_HEAD_MAX + RPC_PART_MAX,
      window: REQUEST_WINDOW,
      concurrent: REQUESTS_MAX,
      timeout: ANSWER_MS,
      headers: ['*'],
      paused: this.#paused,
    };
    this.#client?.publish(this.#topics.services, JSON.stringify(announcement));
  }

  #setPhase(phase: LinkPhase): void {
    this.#phase = phase;
    this.#parts.onPhase(phase);
  }
}
