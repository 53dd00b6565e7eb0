import type { LinkedService } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log/index.ts';
import { Backoff } from './backoff.ts';
import type { BaseStationSide } from './base-station-channel.ts';
import { type AcceptChannel, type Hello, RelayConnection } from './relay-connection.ts';
import { openTransport, type RelayAddress, type Transport, transportsFor } from './transports.ts';

/** After a refusal that only a person can lift. */
const REFUSED_WAIT_MS = 10 * 60_000;
/** A relay that drains says when to come back; more than this is not believed. */
const DRAIN_WAIT_MAX_MS = 5 * 60_000;

/** How often it is looked whether the machine has slept, and how much later than due such a look then comes. */
const SLEEP_LOOK_MS = 5_000;
const SLEPT_MS = 10_000;

export type LinkPhase =
  | { readonly kind: 'connecting'; readonly since: number }
  | {
      readonly kind: 'pending';
      readonly since: number;
      readonly code: string;
      readonly url: string;
      readonly expiresAt: number;
    }
  | {
      readonly kind: 'up';
      readonly since: number;
      readonly transport: Transport | 'mqtt';
      readonly device: string;
      readonly domain: string;
      readonly rtt: number | undefined;
    }
  | { readonly kind: 'waiting'; readonly since: number; readonly reason: string; readonly until: number }
  | { readonly kind: 'stopped'; readonly since: number };

export interface AgentLinkParts {
  readonly relay: RelayAddress;
  readonly hostKeyFingerprint: string;
  readonly privateKey: string;
  readonly hello: Hello;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onPhase: (phase: LinkPhase) => void;
  /** A refusal; with `retry` false a person has to act. */
  readonly onDenied: (denial: { reason: string; hint: string; retry: boolean }) => void;
  readonly onChannel: (service: string, accept: AcceptChannel, reject: () => void) => void;
}

/** Keeps one link to the relay, for ever: dials, says hello, offers the services, and begins again when it ends. */
export class AgentLink {
  readonly #parts: AgentLinkParts;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  #phase: LinkPhase;
  #connection: RelayConnection | undefined;
  #lastTransport: Transport | undefined;
  #services: readonly LinkedService[] = [];
  #paused = false;
  #baseStation: BaseStationSide | undefined;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #upAt: number | undefined;

  constructor(parts: AgentLinkParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.random);
    this.#phase = { kind: 'stopped', since: parts.clock.now() };
  }

  get phase(): LinkPhase {
    return this.#phase;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** What is offered from now on, over this connection and later ones. */
  offer(services: readonly LinkedService[]): void {
    this.#services = services;
    if (this.#phase.kind === 'up') this.#connection?.offer(services);
  }

  tellPaused(paused: boolean): void {
    this.#paused = paused;
    if (this.#phase.kind === 'up') this.#connection?.tellPaused(paused);
  }

  /** What speaks for a base station with the relay from now on, over this connection and later ones. */
  speakFor(side: BaseStationSide | undefined): void {
    this.#baseStation = side;
    if (this.#phase.kind === 'up') this.#connection?.speakFor(side);
  }

  /** Ends the connection and does not come back. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#connection?.end();
    this.#wake?.();
    await this.#running;
    this.#setPhase({ kind: 'stopped', since: this.#parts.clock.now() });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const stopWatching = this.#watchSleep();
    try {
      await this.#runUntil(signal);
    } finally {
      stopWatching();
    }
  }

  /** Timers stand still while a machine sleeps: afterwards nothing that was known of the link counts. */
  #watchSleep(): () => void {
    const { clock, logger } = this.#parts;
    let due = clock.now() + SLEEP_LOOK_MS;
    return clock.every(SLEEP_LOOK_MS, () => {
      const late = clock.now() - due;
      due = clock.now() + SLEEP_LOOK_MS;
      if (late < SLEPT_MS) return;
      logger.info({ lateMs: late }, 'the clock jumped: looking after the link');
      this.#connection?.check();
      this.#wake?.();
    });
  }

  async #runUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#upAt = undefined;
      const outcome = await this.#connectOnce(signal);
      if (signal.aborted) return;
      if (this.#upAt !== undefined) this.#backoff.lived(this.#parts.clock.monotonic() - this.#upAt);
      const wait = outcome.waitMs ?? this.#backoff.next();
      const now = this.#parts.clock.now();
      this.#setPhase({ kind: 'waiting', since: now, reason: outcome.reason, until: now + wait });
      this.#parts.logger.warn({ reason: outcome.reason, waitMs: wait }, 'link down');
      await this.#wait(wait);
    }
  }

  /** One connection, by the first way that works; resolves when it has ended. */
  async #connectOnce(signal: AbortSignal): Promise<{ reason: string; waitMs?: number }> {
    this.#setPhase({ kind: 'connecting', since: this.#parts.clock.now() });
    let reason = 'no way to the relay';
    for (const transport of transportsFor(this.#parts.relay, this.#lastTransport)) {
      const tried = await this.#try(transport, signal);
      if (tried.heard || signal.aborted) return tried;
      reason = `${transport}: ${tried.reason}`;
      this.#parts.logger.debug({ transport, reason: tried.reason }, 'way to the relay closed');
    }
    return { reason };
  }

  /** `heard`: a relay answered, so that no other way has to be tried. */
  async #try(
    transport: Transport,
    signal: AbortSignal,
  ): Promise<{ heard: boolean; reason: string; waitMs?: number }> {
    const { relay, environment } = this.#parts;
    try {
      const { stream } = await openTransport(relay, transport, { environment, signal });
      return await this.#converse(stream, transport);
    } catch (error) {
      return { heard: false, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  #converse(
    stream: ConstructorParameters<typeof RelayConnection>[0]['stream'],
    transport: Transport,
  ): Promise<{ heard: boolean; reason: string; waitMs?: number }> {
    const { clock, hello, hostKeyFingerprint, logger, onChannel, onDenied, privateKey } = this.#parts;
    let heard = false;
    let waitMs: number | undefined;
    return new Promise((resolve) => {
      const connection = new RelayConnection({
        stream,
        privateKey,
        hostKeyFingerprint,
        hello,
        clock,
        on: {
          pending: ({ code, expires, url }) => {
            heard = true;
            const now = clock.now();
            this.#setPhase({ kind: 'pending', since: now, code, url, expiresAt: now + expires });
          },
          welcome: ({ device, domain }) => {
            heard = true;
            this.#lastTransport = transport;
            this.#upAt = clock.monotonic();
            this.#setPhase({ kind: 'up', since: clock.now(), transport, device, domain, rtt: undefined });
            logger.info({ transport, device, domain }, 'link up');
            connection.offer(this.#services);
            if (this.#paused) connection.tellPaused(true);
            connection.speakFor(this.#baseStation);
          },
          denied: (denial) => {
            heard = true;
            if (!denial.retry) waitMs = REFUSED_WAIT_MS;
            onDenied(denial);
          },
          drain: (afterMs) => {
            // Spread over as long again, so that not all come at once.
            waitMs = Math.min(afterMs, DRAIN_WAIT_MAX_MS) * (1 + this.#parts.random());
          },
          hostKeyChanged: (found) => {
            heard = true;
            waitMs = REFUSED_WAIT_MS;
            onDenied({
              reason: `the relay's host key has changed: pinned ${hostKeyFingerprint}, found ${found}`,
              hint: 'If you moved the relay without its database, join again; otherwise somebody is in between.',
              retry: false,
            });
          },
          rtt: (ms) => {
            if (this.#phase.kind === 'up') this.#setPhase({ ...this.#phase, rtt: ms });
          },
          channel: onChannel,
          closed: (reason) => {
            this.#connection = undefined;
            resolve({ heard, reason, ...(waitMs === undefined ? {} : { waitMs }) });
          },
        },
      });
      this.#connection = connection;
      if (this.#stop.signal.aborted) connection.end();
    });
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#wake = undefined;
        resolve();
      };
      const cancel = this.#parts.clock.after(ms, done);
      this.#wake = done;
    });
  }

  #setPhase(phase: LinkPhase): void {
    this.#phase = phase;
    this.#parts.onPhase(phase);
  }
}
