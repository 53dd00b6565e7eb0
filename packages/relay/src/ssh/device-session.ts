import { type ControlStream, openControlStream } from '@porchlight/link';
import {
  type AgentMessage,
  agentMessage,
  CONTROL_SUBSYSTEM,
  CONTROL_VERSION,
  isServiceName,
  type RelayMessage,
  SERVICE_BIND_PORT,
  SERVICES_MAX,
} from '@porchlight/protocol';
import type { Channel, Session, TcpipBindInfo } from 'ssh2';
import type { Clock } from '../clock.ts';
import type { DeviceRecord, DeviceStore } from '../devices/index.ts';
import type { EventBus } from '../events.ts';
import type { LinkTable } from '../links/index.ts';
import type { Logger } from '../telemetry/index.ts';
import type { DeviceAdmission } from './device-admission.ts';
import { SshLink } from './ssh-link.ts';
import type { ProvenClient } from './ssh-server.ts';

/** An agent opens its control channel and says hello within this time. */
const HELLO_DEADLINE_MS = 10_000;
/** Control messages an agent may send at once; they come back at 2 a second. A ping comes every 20 s. */
const CONTROL_BURST = 60;
const CONTROL_PER_SECOND = 2;

export interface DeviceSessionParts {
  readonly admission: DeviceAdmission;
  readonly devices: Pick<DeviceStore, 'addServices'>;
  readonly links: LinkTable;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly domain: string;
  readonly maxChannels: number;
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
  #control: ControlStream<RelayMessage> | undefined;
  #state: 'proven' | 'admitting' | 'ended' | SshLink = 'proven';
  #withdraw: (() => void) | undefined;
  #allowance = CONTROL_BURST;
  #allowanceAt: number;
  #cancelHello: () => void;

  constructor(client: ProvenClient, parts: DeviceSessionParts) {
    this.#client = client;
    this.#parts = parts;
    this.#allowanceAt = parts.clock.monotonic();
    this.#cancelHello = parts.clock.after(HELLO_DEADLINE_MS, () => this.#abort('no hello within 10 s'));
    const { connection } = client;
    connection.on('session', (accept) => this.#onSession(accept()));
    connection.on('request', (accept, reject, name, info) => {
      if (name === 'tcpip-forward') this.#onForward(info, accept, reject);
      else if (name === 'cancel-tcpip-forward') this.#onCancelForward(info, accept, reject);
      else reject?.();
    });
    connection.on('end', () => {
      if (this.#state instanceof SshLink) this.#state.peerEnded();
    });
    connection.on('close', () => this.#onClose());
  }

  #onSession(session: Session): void {
    session.on('subsystem', (accept, reject, info) => {
      if (info.name !== CONTROL_SUBSYSTEM || this.#control !== undefined) return reject();
      const channel: Channel = accept();
      this.#control = openControlStream<AgentMessage, RelayMessage>(channel, agentMessage, {
        message: (message) => this.#onMessage(message),
        broken: (why) =>
          this.#deny(why, 'Update the agent: it and the relay do not understand each other.', true),
        end: () => this.#end('the agent closed its control channel'),
      });
    });
  }

  #onMessage(message: AgentMessage): void {
    if (!this.#takeAllowance()) return this.#abort('too many control messages');
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
      if (!link.announced) this.#parts.links.attach(link);
      link.announce(message.services);
      this.#rememberServices(link);
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
      const admitted = await this.#parts.admission.admit(this.#client, hello, (waiting) => {
        this.#client.admitted();
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
    link.addForward(info.bindAddr);
    this.#rememberServices(link);
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

  #rememberServices(link: SshLink): void {
    const { devices, events, links, logger } = this.#parts;
    if (!link.announced) return;
    if (link.services.length === 0) return links.changed(link);
    devices.addServices(link.deviceId, link.services).then(
      () => {
        events.publish({ type: 'device-changed', accountId: link.accountId, deviceId: link.deviceId });
        links.changed(link);
      },
      (error: unknown) => logger.error({ error, device: link.deviceName }, 'services not kept'),
    );
  }

  #takeAllowance(): boolean {
    const now = this.#parts.clock.monotonic();
    const grown = this.#allowance + ((now - this.#allowanceAt) / 1000) * CONTROL_PER_SECOND;
    this.#allowance = Math.min(CONTROL_BURST, grown) - 1;
    this.#allowanceAt = now;
    return this.#allowance >= 0;
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
    if (this.#state instanceof SshLink) this.#state.end(reason);
    else this.#client.connection.end();
  }

  #onClose(): void {
    this.#cancelHello();
    this.#withdraw?.();
    const state = this.#state;
    this.#state = 'ended';
    if (state instanceof SshLink) {
      state.markClosed();
      this.#parts.links.detach(state, state.endReason);
    }
  }
}
