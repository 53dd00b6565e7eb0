import http, { type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import { PorchlightError } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import type { Link, LinkListener } from '../links/index.ts';

/** Requests to one service at the same time; more wait in the pool. Browsers open 6 to a host, HTTP/2 ones 100. */
const CHANNELS_PER_SERVICE = 128;
/** Requests that wait for a channel, and for how many sweeps at most: event streams may hold all channels for ever. */
const WAITING_PER_SERVICE = 256;
const SWEEPS_WAITED_MAX = 2;
/** How long a channel is kept open between requests at most. Under load all are kept: opening one takes a round trip. */
const FREE_CHANNEL_LIFE_MS = 60_000;
const SWEEP_MS = 20_000;

/** Keeps HTTP/1.1 connections to one service alive over channels of one link. */
class ServiceAgent extends http.Agent {
  readonly #link: Link;
  readonly #service: string;
  readonly #freeSince = new WeakMap<object, number>();
  readonly #sweepsWaited = new WeakMap<object, number>();
  readonly #clock: Clock;

  constructor(link: Link, service: string, clock: Clock) {
    super({
      keepAlive: true,
      maxSockets: CHANNELS_PER_SERVICE,
      maxTotalSockets: CHANNELS_PER_SERVICE,
      maxFreeSockets: CHANNELS_PER_SERVICE,
    });
    this.#link = link;
    this.#service = service;
    this.#clock = clock;
    this.on('free', (channel: object) => void this.#freeSince.set(channel, clock.monotonic()));
  }

  /** All requests of this agent go to the same place. */
  override getName(): string {
    return this.#service;
  }

  override createConnection(
    _options: ClientRequestArgs,
    created?: (error: Error | null, channel: Duplex) => void,
  ): undefined {
    // node:http counts a channel only once it is open; a burst would open one for each of its requests.
    this.#countOpening(1);
    this.#link.openChannel(this.#service, { address: '127.0.0.1', port: 0 }).then(
      (channel) => {
        this.#countOpening(-1);
        // The local server has closed it, or is gone: node:http drops sockets of its own for that, not other streams.
        channel.on('end', () => {
          if (this.#isFree(channel)) channel.destroy();
        });
        created?.(null, channel);
      },
      (error: Error) => {
        this.#countOpening(-1);
        // The types ask for a stream that there is none of.
        created?.(error, undefined as unknown as Duplex);
        // Those that wait are served when a channel becomes free or closes: here there is none.
        if (Object.keys(this.sockets).length === 0) this.failWaiting(error);
      },
    );
    return undefined;
  }

  get waiting(): number {
    return this.#queue().length;
  }

  /** Gives the error to every request that waits for a channel. */
  failWaiting(error: Error): void {
    for (const request of this.#queue().splice(0)) this.#fail(request, error);
  }

  /** Ends the wait of requests that have waited for long, and forgets those whose visitor has left. */
  sweepWaiting(): void {
    const queue = this.#queue();
    for (const request of [...queue]) {
      const sweeps = (this.#sweepsWaited.get(request) ?? 0) + 1;
      this.#sweepsWaited.set(request, sweeps);
      if (!request.destroyed && sweeps <= SWEEPS_WAITED_MAX) continue;
      queue.splice(queue.indexOf(request), 1);
      this.#fail(request, new PorchlightError('busy', 'Every connection to this service is in use'));
    }
  }

  /** node:http tells a request of its end through its socket; one that waits has none. */
  #fail(request: http.ClientRequest, error: Error): void {
    if (request.destroyed) return;
    request.destroy();
    request.emit('error', error);
  }

  #queue(): http.ClientRequest[] {
    return this.requests[this.#service] ?? [];
  }

  #isFree(channel: object): boolean {
    return Object.values(this.freeSockets).some((free) => free?.some((one) => one === channel));
  }

  #countOpening(change: 1 | -1): void {
    Reflect.set(this, 'totalSocketCount', Number(Reflect.get(this, 'totalSocketCount')) + change);
  }

  closeIdle(): void {
    const limit = this.#clock.monotonic() - FREE_CHANNEL_LIFE_MS;
    for (const channels of Object.values(this.freeSockets)) {
      for (const channel of channels ?? []) {
        if ((this.#freeSince.get(channel) ?? 0) < limit) channel.destroy();
      }
    }
  }
}

/** The pools of all links; each is made at the first request and goes with its link. */
export class ChannelPools implements LinkListener {
  readonly #pools = new Map<Link, Map<string, ServiceAgent>>();
  readonly #clock: Clock;
  readonly #cancelSweep: () => void;

  constructor(parts: { clock: Clock }) {
    this.#clock = parts.clock;
    this.#cancelSweep = parts.clock.every(SWEEP_MS, () => {
      for (const pools of this.#pools.values()) {
        for (const pool of pools.values()) {
          pool.closeIdle();
          pool.sweepWaiting();
        }
      }
    });
  }

  /** The agent for requests to a service over a link that is up. @throws PorchlightError `busy` */
  agent(link: Link, service: string): http.Agent {
    let pools = this.#pools.get(link);
    if (pools === undefined) {
      pools = new Map();
      this.#pools.set(link, pools);
    }
    let pool = pools.get(service);
    if (pool === undefined) {
      pool = new ServiceAgent(link, service, this.#clock);
      pools.set(service, pool);
    }
    if (pool.waiting >= WAITING_PER_SERVICE) throw new PorchlightError('busy');
    return pool;
  }

  up(): void {}

  changed(): void {}

  down(link: Link): void {
    for (const pool of this.#pools.get(link)?.values() ?? []) {
      pool.failWaiting(new PorchlightError('device_offline'));
      pool.destroy();
    }
    this.#pools.delete(link);
  }

  close(): void {
    this.#cancelSweep();
    for (const link of this.#pools.keys()) this.down(link);
  }

  get size(): number {
    return this.#pools.size;
  }
}
