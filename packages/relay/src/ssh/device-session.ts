import { adoptChannel, type ControlStream, openControlStream } from '@porchlight/link';
import {
  type AgentMessage,
  agentMessage,
  BASE_STATION_SUBSYSTEM,
  CONTROL_SUBSYSTEM,
  CONTROL_VERSION,
  isServiceName,
  type RelayMessage,
  SERVICE_BIND_PORT,
  SERVICES_MAX,
} from '@porchlight/protocol';
import type { Channel, ServerChannel, Session, TcpipBindInfo } from 'ssh2';
import type { BaseStationTable } from '../base-stations/index.ts';
import type { CallHome, PortRequests } from '../call-home/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceRecord, DeviceStore } from '../devices/index.ts';
import type { EventBus } from '../events.ts';
import type { LinkTable } from '../links/index.ts';
import type { Logger } from '../telemetry/index.ts';
import { Allowance } from './allowance.ts';
import { openBaseStationChannel } from './base-station-channel.ts';
import type { DeviceAdmission } from './device-admission.ts';
import type { DeviceConnections } from './device-connections.ts';
import { hasUsablePacketSize } from './packet-size.ts';
import { ServiceMemory } from './service-memory.ts';
import { SshLink } from './ssh-link.ts';
import type { ProvenClient } from './ssh-server.ts';
import type { StockDialect } from './stock-dialect.ts';
import { StockSession } from './stock-session.ts';

/** An agent opens its control channel and says hello within this time. */
const HELLO_DEADLINE_MS = 10_000;
/** Control messages an agent may send. A ping comes every 20 s. */
const CONTROL_LIMITS = { burst: 60, perSecond: 2 };
/** Forwards asked for and cancelled: each service a few times over, as when the agent's configuration is edited. */
const FORWARD_LIMITS = { burst: 4 * SERVICES_MAX, perSecond: 2 };
/** A stock client asks for all that it was told to, at once: beyond {@link SERVICES_MAX} each gets a refusal of its own. */
const STOCK_FORWARD_LIMITS = { burst: 16 * SERVICES_MAX, perSecond: 2 };
/** Session channels that one connection has open, of which an agent needs one. */
const SESSIONS_MAX = 4;
/** Session channels that it may open: a stock client that shares one connection opens one for each command. */
const SESSION_LIMITS = { burst: SESSIONS_MAX, perSecond: 0.5 };
/** Session channels in a connection's life: ssh2 keeps a little of each that was closed before anything ran in it. */
const SESSIONS_EVER_MAX = 1000;
/** A client that has opened no session and asked for nothing by then is `ssh -N`. */
const SILENT_MS = 8_000;
/** A peer that is told the end hangs up within this time, or is cut off. */
const END_DEADLINE_MS = 1_000;

export interface DeviceSessionParts {
  readonly admission: DeviceAdmission;
  readonly devices: Pick<DeviceStore, 'addServices'>;
  readonly links: LinkTable;
  readonly baseStations: Pick<BaseStationTable, 'open'>;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly domain: string;
  readonly maxChannels: number;
  readonly connections: DeviceConnections;
  /** How stock clients may talk, in order of preference. */
  readonly dialects: readonly StockDialect[];
  readonly calls: Pick<CallHome, 'contact' | 'count'>;
  readonly portRequests: Pick<PortRequests, 'match' | 'answer' | 'putBack' | 'whenEnded'>;
  /** Where people open an `http` service. */
  readonly serviceUrl: (service: string, device: string) => string;
}

/**
 * One agent's connection, from its proven key to its end.
 *
 *     proven --hello--> admitting --> linked
 *                          |  ^ Allow
 *                          v  |
 *                        pending --Deny, 10 minutes--> ended
 */
export class DeviceSession {
  readonly #client: ProvenClient;
  readonly #parts: DeviceSessionParts;
  /** Takes over when the client turns out to be a stock one, which opens no control channel. */
  #stock: StockSession | undefined;
  #control: ControlStream<RelayMessage> | undefined;
  #state: 'proven' | 'admitting' | 'ended' | SshLink = 'proven';
  #withdraw: (() => void) | undefined;
  #services: ServiceMemory | undefined;
  #baseStation: { end(): void } | undefined;
  #leave: () => void = () => undefined;
  #openSessions = 0;
  #sessionsEver = 0;
  readonly #messages: Allowance;
  readonly #forwards: Allowance;
  readonly #stockForwards: Allowance;
  readonly #sessions: Allowance;
  #cancelHello: () => void;
  readonly #cancelSilence: () => void;

  constructor(client: ProvenClient, parts: DeviceSessionParts) {
    this.#client = client;
    this.#parts = parts;
    this.#messages = new Allowance(parts.clock, CONTROL_LIMITS);
    this.#forwards = new Allowance(parts.clock, FORWARD_LIMITS);
    this.#stockForwards = new Allowance(parts.clock, STOCK_FORWARD_LIMITS);
    this.#sessions = new Allowance(parts.clock, SESSION_LIMITS);
    this.#cancelHello = parts.clock.after(HELLO_DEADLINE_MS, () => this.#abort('no hello within 10 s'));
    this.#cancelSilence = parts.clock.after(SILENT_MS, () => {
      if (this.#sessionsEver === 0 && this.#stock === undefined) this.#becomeStock().idle();
    });
    const { connection } = client;
    connection.on('session', (accept, reject) => {
      const room = this.#openSessions < SESSIONS_MAX && this.#sessionsEver < SESSIONS_EVER_MAX;
      if (!room || !this.#sessions.take()) return reject();
      this.#sessionsEver += 1;
      this.#openSessions += 1;
      const session: Session = accept();
      session.once('close', () => {
        this.#openSessions -= 1;
      });
      this.#onSession(session);
    });
    connection.on('request', (accept, reject, name, info) => {
      const allowance = this.#isStock() ? this.#stockForwards : this.#forwards;
      if (!allowance.take()) this.#abort('too many forwards were asked for');
      else if (this.#isStock()) this.#onStockRequest(name, info, accept, reject);
      else if (name === 'tcpip-forward') this.#onForward(info, accept, reject);
      else if (name === 'cancel-tcpip-forward') this.#onCancelForward(info, accept, reject);
      else reject?.();
    });
    connection.on('end', () => {
      this.#stock?.peerEnded();
      if (this.#state instanceof SshLink) this.#state.peerEnded();
    });
    connection.on('close', () => this.#onClose());
  }

  /** Whoever asks for something before a control channel is there is no agent. */
  #isStock(): boolean {
    return this.#control === undefined && this.#state !== 'ended';
  }

  #becomeStock(): StockSession {
    this.#cancelHello();
    this.#stock ??= new StockSession(this.#client, this.#parts);
    return this.#stock;
  }

  #onStockRequest(
    name: string,
    info: TcpipBindInfo,
    accept: ((port?: number) => void) | undefined,
    reject: (() => void) | undefined,
  ): void {
    if (name === 'tcpip-forward') this.#becomeStock().forward(info, accept, reject);
    else if (name === 'cancel-tcpip-forward') this.#becomeStock().cancelForward(info, accept, reject);
    else reject?.();
  }

  #onSession(session: Session): void {
    session.on('pty', (accept) => accept?.());
    session.on('shell', (accept, reject) => {
      if (!this.#isStock()) return reject();
      // There is none when something runs in this session already.
      const channel: ServerChannel | undefined = accept();
      if (channel !== undefined && this.#adopt(channel)) this.#becomeStock().shell(channel);
    });
    session.on('exec', (accept, reject, { command }) => {
      if (!this.#isStock()) return reject();
      const channel: ServerChannel | undefined = accept();
      if (channel !== undefined && this.#adopt(channel)) this.#becomeStock().exec(channel, command);
    });
    session.on('subsystem', (accept, reject, info) => {
      if (info.name === BASE_STATION_SUBSYSTEM) return this.#onBaseStation(accept, reject);
      if (info.name !== CONTROL_SUBSYSTEM || this.#control !== undefined || this.#stock !== undefined) {
        return reject();
      }
      const channel: Channel | undefined = accept();
      if (channel === undefined) return;
      if (!hasUsablePacketSize(channel)) return this.#abort('packets too small');
      this.#control = openControlStream<AgentMessage, RelayMessage>(channel, agentMessage, {
        message: (message) => this.#onMessage(message),
        broken: (why) =>
          this.#deny(why, 'Update the agent: it and the relay do not understand each other.', true),
        end: () => this.#end('the agent closed its control channel'),
      });
    });
  }

  /** A base station says who asks to be let in there; one channel of a link that is up. */
  #onBaseStation(accept: () => Channel | undefined, reject: () => void): void {
    const link = this.#state;
    if (!(link instanceof SshLink) || this.#baseStation !== undefined) return reject();
    const channel = accept();
    if (channel === undefined) return;
    if (!hasUsablePacketSize(channel)) return this.#abort('packets too small');
    this.#baseStation = openBaseStationChannel(channel, link, {
      ...this.#parts,
      onOverflow: () => this.#abort('the base station sent more than it was allowed to'),
      onEnd: () => {
        this.#baseStation = undefined;
      },
    });
  }

  /** Bounds what a stock client sends over a channel of its own; false: the connection ends. */
  #adopt(channel: ServerChannel): boolean {
    if (!hasUsablePacketSize(channel)) {
      this.#abort('packets too small');
      return false;
    }
    adoptChannel(channel, () => this.#abort('the device sent more than it was allowed to'));
    // The channel ends with what ran in it, whether or not the client has sent its end; before the connection does.
    channel.on('prefinish', () => {
      channel.eof();
      channel.close();
    });
    return true;
  }

  #onMessage(message: AgentMessage): void {
    if (!this.#messages.take()) return this.#abort('too many control messages');
    const link = this.#state instanceof SshLink ? this.#state : undefined;
    if (message.type === 'hello') {
      if (this.#state === 'proven') void this.#onHello(message);
    } else if (message.type === 'ping') {
      this.#control?.send({ type: 'pong', n: message.n });
      if (link !== undefined && message.rtt !== undefined) {
        link.rtt = { ms: message.rtt, at: this.#parts.clock.now() };
        this.#parts.links.changed(link);
      }
    } else if (link !== undefined && message.type === 'paused') {
      link.paused = message.paused;
      this.#parts.links.changed(link);
    } else if (link !== undefined && message.type === 'services') {
      // An agent that only joins goes without ever offering anything: it was no link.
      this.#cancelHello();
      if (link.ended) return;
      if (!link.announced) {
        this.#client.linked();
        this.#parts.links.attach(link);
      }
      link.announce(message.services);
      this.#services?.note(link);
    }
  }

  async #onHello(hello: Extract<AgentMessage, { type: 'hello' }>): Promise<void> {
    this.#cancelHello();
    this.#state = 'admitting';
    if (hello.version !== CONTROL_VERSION) {
      this.#deny(
        `the relay speaks control version ${CONTROL_VERSION}`,
        'Update the agent or the relay.',
        false,
      );
      return;
    }
    try {
      const introduction = { ...hello, software: `agent ${hello.agent}` };
      const admitted = await this.#parts.admission.admit(this.#client, introduction, (waiting) => {
        this.#client.admitted();
        // It may have gone before its request was there.
        if (this.#state !== 'admitting') return waiting.withdraw();
        this.#withdraw = waiting.withdraw;
        this.#control?.send({
          type: 'pending',
          code: waiting.code,
          expires: waiting.expiresAt - this.#parts.clock.now(),
          url: waiting.url,
        });
      });
      this.#withdraw = undefined;
      // The connection may have closed while a person was thinking.
      if (this.#state !== 'admitting') return;
      if (admitted.kind === 'refused') this.#deny(admitted.reason, admitted.hint, admitted.retry);
      else this.#link(admitted.device, hello);
    } catch (error) {
      this.#parts.logger.error({ error, address: this.#client.address }, 'admission failed');
      this.#deny('the relay failed', 'It will be tried again.', true);
    }
  }

  #link(device: DeviceRecord, hello: Extract<AgentMessage, { type: 'hello' }>): void {
    const leave = this.#parts.connections.enter(device, (reason) => this.#end(reason));
    if (leave === undefined) {
      return this.#deny('the device has too many connections open', 'It will be tried again.', true);
    }
    this.#leave = leave;
    this.#client.admitted();
    const { connection, socket, transport, address } = this.#client;
    const link = new SshLink({
      device,
      connection,
      socket,
      transport,
      address,
      agent: hello.agent,
      maxChannels: this.#parts.maxChannels,
      clock: this.#parts.clock,
      send: (message) => this.#control?.send(message),
    });
    this.#state = link;
    this.#services = new ServiceMemory(this.#parts, device);
    this.#cancelHello = this.#parts.clock.after(HELLO_DEADLINE_MS, () =>
      this.#abort('nothing offered within 10 s'),
    );
    this.#control?.send({ type: 'welcome', device: device.name, domain: this.#parts.domain });
  }

  #onForward(
    info: TcpipBindInfo,
    accept: ((port?: number) => void) | undefined,
    reject: (() => void) | undefined,
  ): void {
    const link = this.#state;
    if (!(link instanceof SshLink)) return reject?.();
    const legal = isServiceName(info.bindAddr) && info.bindPort === SERVICE_BIND_PORT;
    if (!legal || link.forwardCount >= SERVICES_MAX) return reject?.();
    link.addForward(info.bindAddr, { address: info.bindAddr, port: info.bindPort });
    if (link.announced) this.#services?.note(link);
    accept?.();
  }

  #onCancelForward(
    info: TcpipBindInfo,
    accept: (() => void) | undefined,
    reject: (() => void) | undefined,
  ): void {
    if (!(this.#state instanceof SshLink)) return reject?.();
    this.#state.removeForward(info.bindAddr);
    this.#parts.links.changed(this.#state);
    accept?.();
  }

  /** Tells the agent why, then ends the connection. */
  #deny(reason: string, hint: string, retry: boolean): void {
    this.#control?.send({ type: 'denied', reason, hint, retry });
    this.#end(reason);
  }

  #abort(reason: string): void {
    this.#parts.logger.info({ address: this.#client.address, reason }, 'agent connection ended');
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#stock !== undefined) return this.#stock.end(reason);
    if (this.#state instanceof SshLink) return this.#state.end(reason);
    const { connection, socket } = this.#client;
    connection.end();
    this.#parts.clock.after(END_DEADLINE_MS, () => socket.destroy());
  }

  #onClose(): void {
    this.#cancelHello();
    this.#cancelSilence();
    this.#withdraw?.();
    this.#leave();
    this.#baseStation?.end();
    this.#stock?.closed();
    const state = this.#state;
    this.#state = 'ended';
    if (state instanceof SshLink) {
      state.markClosed();
      this.#parts.links.detach(state, state.endReason);
    }
  }
}
