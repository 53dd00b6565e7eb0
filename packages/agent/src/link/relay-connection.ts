import type { Duplex } from 'node:stream';
import {
  adoptChannel,
  type Channel,
  type ControlStream,
  LINK_ALGORITHMS,
  openControlStream,
} from '@porchlight/link';
import {
  type AgentMessage,
  type AnnouncedService,
  CONTROL_SUBSYSTEM,
  CONTROL_VERSION,
  fingerprintOf,
  PING_DEADLINE_MS,
  PING_INTERVAL_MS,
  type RelayMessage,
  relayMessage,
  SERVICE_BIND_PORT,
} from '@porchlight/protocol';
import ssh2 from 'ssh2';
import type { Clock } from '../clock.ts';

/** From the stream's opening to the relay's first word. */
const HANDSHAKE_DEADLINE_MS = 15_000;
/** A relay's Allow can take its ten minutes; the request ends there by itself. */
const RTT_DIGITS = 100;

export interface Hello {
  readonly agent: string;
  readonly name: string;
  readonly account: string | undefined;
  readonly token: string | undefined;
}

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
    /** A visitor's channel to a service: `accept` opens it, `reject` refuses. */
    channel(service: string, accept: () => Channel, reject: () => void): void;
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
  #pings = 0;
  #pingSentAt = 0;
  #rtt: number | undefined;
  #cancelPing: () => void = () => undefined;
  #cancelDeadline: () => void;

  constructor(parts: RelayConnectionParts) {
    this.#parts = parts;
    this.#cancelDeadline = parts.clock.after(HANDSHAKE_DEADLINE_MS, () =>
      this.destroy('the relay did not answer in time'),
    );
    this.#client.on('ready', () => this.#openControl());
    this.#client.on('error', (error) => {
      this.#reason ??= reasonOf(error);
    });
    this.#client.on('close', () => this.#onClose());
    this.#client.on('tcp connection', (details, accept, reject) => {
      const overflow = (): void => this.destroy('the relay sent more than it was allowed to');
      parts.on.channel(details.destIP, () => adoptChannel(accept(), overflow), reject);
    });
    // A stream that breaks before ssh2 listens to it must not end the process.
    parts.stream.on('error', (error: Error) => {
      this.#reason ??= error.message;
    });
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
  offer(services: readonly AnnouncedService[]): void {
    const names = new Set(services.map((service) => service.name));
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
    this.#control?.send({ type: 'services', services: [...services] });
  }

  tellPaused(paused: boolean): void {
    this.#control?.send({ type: 'paused', paused });
  }

  /** Ends the connection in order. Idempotent. */
  end(): void {
    this.#reason ??= 'stopped';
    this.#client.end();
  }

  /** Cuts the connection. Idempotent. */
  destroy(reason: string): void {
    this.#reason ??= reason;
    this.#client.end();
    this.#parts.stream.destroy();
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
    this.#client.subsys(CONTROL_SUBSYSTEM, (error, channel) => {
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
    });
  }

  #onMessage(message: RelayMessage): void {
    const { on } = this.#parts;
    switch (message.type) {
      case 'welcome':
        this.#cancelDeadline();
        on.welcome(message);
        this.#ping();
        return;
      case 'pending':
        this.#cancelDeadline();
        on.pending(message);
        this.#ping();
        return;
      case 'denied':
        this.#reason ??= message.reason;
        return on.denied(message);
      case 'drain':
        return on.drain(message.after);
      case 'pong':
        return this.#onPong(message.n);
    }
  }

  /** Liveness both ways, and the round trip through the data path, in one exchange. */
  #ping(): void {
    const { clock } = this.#parts;
    this.#pings += 1;
    this.#pingSentAt = clock.monotonic();
    this.#cancelPing();
    this.#cancelPing = clock.after(PING_DEADLINE_MS, () =>
      this.destroy('the relay does not answer any more'),
    );
    const rtt = this.#rtt === undefined ? {} : { rtt: this.#rtt };
    this.#control?.send({ type: 'ping', n: this.#pings, ...rtt });
  }

  #onPong(n: number): void {
    if (n !== this.#pings || this.#closed) return;
    const { clock, on } = this.#parts;
    const first = this.#rtt === undefined;
    this.#rtt = Math.round((clock.monotonic() - this.#pingSentAt) * RTT_DIGITS) / RTT_DIGITS;
    on.rtt(this.#rtt);
    this.#cancelPing();
    // The relay learns a round trip with the next ping: the second comes at once, so that it has one.
    this.#cancelPing = clock.after(first ? 0 : PING_INTERVAL_MS, () => this.#ping());
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelPing();
    this.#cancelDeadline();
    this.#parts.stream.destroy();
    this.#parts.on.closed(this.#reason ?? 'the connection was lost');
  }
}

function reasonOf(error: Error & { level?: string }): string {
  if (error.level === 'client-authentication') return "the relay did not accept the device's key";
  return error.message;
}
