import type { Duplex } from 'node:stream';
import {
  adoptChannel,
  type Channel,
  type ControlStream,
  gatherWrites,
  LINK_ALGORITHMS,
  openControlStream,
} from '@porchlight/link';
import {
  type AgentMessage,
  CONTROL_SUBSYSTEM,
  CONTROL_VERSION,
  fingerprintOf,
  type LinkedService,
  type RelayMessage,
  relayMessage,
  SERVICE_BIND_PORT,
} from '@porchlight/protocol';
import ssh2, { type Channel as Ssh2Channel } from 'ssh2';
import type { Clock } from '../clock.ts';
import { type BaseStationSide, openBaseStationChannel } from './base-station-channel.ts';
import { FairSender } from './fair-sender.ts';
import { Liveness } from './liveness.ts';

/** From the stream's opening to the relay's first word. */
const HANDSHAKE_DEADLINE_MS = 15_000;
/** The relay has this long to end its side too, once we have ended ours. */
const END_GRACE_MS = 1_000;
/** Channels that the relay may have open at once: as many as one can be configured to open. */
const CHANNELS_MAX = 10_000;

export interface Hello {
  readonly agent: string;
  readonly name: string;
  readonly account: string | undefined;
  readonly token: string | undefined;
}

/** Opens the channel that the relay wishes; undefined when the link has ended meanwhile. */
export type AcceptChannel = () => Channel | undefined;

export interface RelayConnectionParts {
  readonly stream: Duplex;
  readonly privateKey: string;
  /** `SHA256:…` of the host key that was pinned at joining. */
  readonly hostKeyFingerprint: string;
  readonly hello: Hello;
  readonly clock: Clock;
  readonly on: {
    pending(request: Extract<RelayMessage, { type: 'pending' }>): void;
    welcome(message: Extract<RelayMessage, { type: 'welcome' }>): void;
    denied(message: Extract<RelayMessage, { type: 'denied' }>): void;
    drain(afterMs: number): void;
    /** The relay's host key is not the pinned one. */
    hostKeyChanged(found: string): void;
    rtt(ms: number): void;
    channel(service: string, accept: AcceptChannel, reject: () => void): void;
    /** Called once, last. */
    closed(reason: string): void;
  };
}

/** One SSH connection to the relay, from its handshake to its end. */
export class RelayConnection {
  readonly #parts: RelayConnectionParts;
  readonly #client = new ssh2.Client();
  readonly #forwarded = new Set<string>();
  #control: ControlStream<AgentMessage> | undefined;
  #reason: string | undefined;
  #closed = false;
  #baseStation: { readonly side: BaseStationSide; end(): void } | undefined;
  #channels = 0;
  readonly #liveness: Liveness;
  readonly #sender: FairSender;
  #cancelDeadline: () => void;
  #cancelEnd: (() => void) | undefined;

  constructor(parts: RelayConnectionParts) {
    this.#parts = parts;
    this.#cancelDeadline = parts.clock.after(HANDSHAKE_DEADLINE_MS, () =>
      this.destroy('the relay did not answer in time'),
    );
    this.#liveness = new Liveness({
      clock: parts.clock,
      send: (n, rtt) => this.#control?.send({ type: 'ping', n, ...(rtt === undefined ? {} : { rtt }) }),
      onRtt: (ms) => {
        this.#sender.observe(ms);
        parts.on.rtt(ms);
      },
      onDead: () => this.destroy('the relay does not answer any more'),
    });
    this.#sender = new FairSender({
      mark: (answered) => this.#mark(answered),
      now: () => parts.clock.monotonic(),
    });
    this.#client.on('ready', () => this.#openControl());
    this.#client.on('error', (error) => {
      this.#reason ??= reasonOf(error);
    });
    this.#client.on('close', () => this.#onClose());
    this.#client.on('tcp connection', (details, accept, reject) => {
      if (this.#channels >= CHANNELS_MAX) return reject();
      this.#channels += 1;
      parts.on.channel(
        details.destIP,
        () => this.#accept(accept),
        () => {
          this.#channels -= 1;
          if (!this.#closed) reject();
        },
      );
    });
    // A stream that breaks before ssh2 listens to it must not end the process.
    parts.stream.on('error', (error: Error) => {
      this.#reason ??= error.message;
    });
    gatherWrites(parts.stream);
    this.#client.connect({
      sock: parts.stream,
      username: 'agent',
      privateKey: parts.privateKey,
      algorithms: LINK_ALGORITHMS,
      readyTimeout: HANDSHAKE_DEADLINE_MS,
      keepaliveInterval: 0,
      hostVerifier: (key: Buffer, verified: (ok: boolean) => void) => void this.#verifyHost(key, verified),
    });
  }

  /** Announces the services and takes channels for them; what was offered before and is not listed is withdrawn. */
  offer(services: readonly LinkedService[]): void {
    const names = new Set(services.map((service) => service.name));
    this.#ask(() => {
      for (const name of names) {
        if (this.#forwarded.has(name)) continue;
        this.#forwarded.add(name);
        this.#client.forwardIn(name, SERVICE_BIND_PORT, (error) => {
          if (error !== undefined) this.#forwarded.delete(name);
        });
      }
      for (const name of this.#forwarded) {
        if (names.has(name)) continue;
        this.#forwarded.delete(name);
        // Refused only when the relay does not know it any more, which is what was asked for.
        this.#client.unforwardIn(name, SERVICE_BIND_PORT, () => undefined);
      }
    });
    this.#control?.send({ type: 'services', services: [...services] });
  }

  tellPaused(paused: boolean): void {
    this.#control?.send({ type: 'paused', paused });
  }

  /** Talks to the relay for the base station from now on; undefined: there is none any more. */
  speakFor(side: BaseStationSide | undefined): void {
    if (this.#baseStation?.side === side) return;
    this.#baseStation?.end();
    this.#baseStation = undefined;
    if (side === undefined) return;
    this.#ask(() => {
      this.#baseStation = {
        side,
        end: openBaseStationChannel(this.#client, side, (why) => this.destroy(why)),
      };
    });
  }

  /** Asks the relay for a sign of life now, e.g. after the machine has slept. */
  check(): void {
    if (this.#liveness.begun) this.#liveness.ask();
  }

  /** Ends the connection in order, or cuts it when the relay does not answer that. Idempotent. */
  end(): void {
    this.#reason ??= 'stopped';
    this.#client.end();
    this.#cancelEnd ??= this.#parts.clock.after(END_GRACE_MS, () => this.destroy('stopped'));
  }

  /** Cuts the connection. Idempotent. */
  destroy(reason: string): void {
    this.#reason ??= reason;
    this.#client.end();
    this.#parts.stream.destroy();
  }

  #accept(accept: () => Ssh2Channel): Channel | undefined {
    if (this.#closed) {
      this.#channels -= 1;
      return undefined;
    }
    const channel = adoptChannel(accept(), () => this.destroy('the relay sent more than it was allowed to'));
    this.#sender.take(channel);
    channel.once('close', () => {
      this.#channels -= 1;
    });
    return channel;
  }

  /**
   * Asks for an answer behind all that was sent: a global request (RFC 4254 §4) that every server refuses, in order.
   * ssh2 has it for its own keep-alive only, so that it is reached for here.
   */
  #mark(answered: () => void): void {
    const { _protocol: protocol, _callbacks: callbacks } = this.#client as unknown as {
      readonly _protocol: { ping(): void };
      readonly _callbacks: (() => void)[];
    };
    this.#ask(() => {
      protocol.ping();
      callbacks.push(answered);
    });
  }

  /** ssh2 throws when the connection is just ending. */
  #ask(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.destroy(error instanceof Error ? error.message : String(error));
    }
  }

  async #verifyHost(key: Buffer, verified: (ok: boolean) => void): Promise<void> {
    const found = await fingerprintOf(key);
    const fits = found === this.#parts.hostKeyFingerprint;
    if (!fits) {
      this.#reason = `the relay shows the host key ${found}, but ${this.#parts.hostKeyFingerprint} is pinned`;
      this.#parts.on.hostKeyChanged(found);
    }
    verified(fits);
  }

  #openControl(): void {
    this.#ask(() =>
      this.#client.subsys(CONTROL_SUBSYSTEM, (error, channel) => this.#onControl(error, channel)),
    );
  }

  #onControl(error: Error | undefined, channel: Ssh2Channel): void {
    if (error !== undefined) return this.destroy('this is no Porchlight relay, or an older one');
    adoptChannel(channel, () => this.destroy('the relay sent more than it was allowed to'));
    this.#control = openControlStream<RelayMessage, AgentMessage>(channel, relayMessage, {
      message: (message) => this.#onMessage(message),
      broken: (why) => this.destroy(`the relay is not understood: ${why}`),
      end: () => this.destroy('the relay ended the connection'),
    });
    const { agent, name, account, token } = this.#parts.hello;
    this.#control.send({
      type: 'hello',
      version: CONTROL_VERSION,
      agent,
      name,
      ...(account === undefined ? {} : { account }),
      ...(token === undefined ? {} : { token }),
    });
  }

  #onMessage(message: RelayMessage): void {
    const { on } = this.#parts;
    switch (message.type) {
      case 'welcome':
        this.#cancelDeadline();
        on.welcome(message);
        this.#liveness.ask();
        return;
      case 'pending':
        this.#cancelDeadline();
        on.pending(message);
        this.#liveness.ask();
        return;
      case 'denied':
        this.#reason ??= message.reason;
        return on.denied(message);
      case 'drain':
        return on.drain(message.after);
      case 'pong':
        return this.#liveness.pong(message.n);
    }
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#liveness.stop();
    this.#baseStation?.end();
    this.#cancelDeadline();
    this.#cancelEnd?.();
    this.#parts.stream.destroy();
    this.#parts.on.closed(this.#reason ?? 'the connection was lost');
  }
}

function reasonOf(error: Error & { level?: string }): string {
  if (error.level === 'client-authentication') return "the relay did not accept the device's key";
  return error.message;
}
