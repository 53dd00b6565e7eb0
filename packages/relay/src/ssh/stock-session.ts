import { isWebService, SERVICES_MAX, type ServiceKind, toDeviceName } from '@porchlight/protocol';
import type { ServerChannel, TcpipBindInfo } from 'ssh2';
import type { DeviceRecord } from '../devices/index.ts';
import type { DeviceSessionParts } from './device-session.ts';
import { farewell, needsChannel } from './farewell.ts';
import { pingClient } from './server-messages.ts';
import { SshLink } from './ssh-link.ts';
import type { ProvenClient } from './ssh-server.ts';
import { runCommand } from './stock-commands.ts';
import type { StockDialect } from './stock-dialect.ts';
import { StockForwards } from './stock-forwards.ts';
import { joinStockLink, type MemberOwner } from './stock-link.ts';
import { StockShells } from './stock-shells.ts';
import { parseUserName } from './user-name.ts';

/** A client whose key is unknown is let in on the same connection when a person presses Allow within this time. */
const PATIENCE_MS = 2 * 60_000;
/** Time for a refused client to read why. */
const LINGER_MS = 1_000;
/** A connection that has run its command and is no part of a link is ended after this. */
const ERRAND_IDLE_MS = 20_000;
/** A client none of whose forwards was taken, and who wants nothing else, is told why and ended after this. */
const NOTHING_TAKEN_MS = 500;

type Reply = ((port?: number) => void) | undefined;
type Refuse = (() => void) | undefined;

/**
 * One connection of a device that has only a stock SSH client (`ssh -R`). It becomes part of the device's link with its
 * first forward or shell, or when it asks for nothing; one that only executes a command is no link.
 *
 *     admitting --known key, token, or Allow--> admitted --forward, shell, silence--> linked --> ended
 *         |                                         `-------------command done, 20 s-------------^
 *         `-----Deny, two minutes, wrong user name, blocked--------------------------------------^
 */
export class StockSession {
  readonly #client: ProvenClient;
  readonly #parts: DeviceSessionParts;
  readonly #dialects: readonly StockDialect[];
  readonly #shells = new StockShells();
  #waiting: (() => void)[] = [];
  #device: DeviceRecord | undefined;
  #leave: () => void = () => undefined;
  #member: SshLink | undefined;
  #forwards: StockForwards | undefined;
  /** Channels of commands that run. */
  readonly #running = new Set<ServerChannel>();
  /** It has run a command, as a device does that calls home. */
  #called = false;
  /** It stays although it has asked for nothing. */
  #stays = false;
  /** Why the last forward was refused. */
  #refusal: string | undefined;
  #ended = false;
  /** Tells why it was refused, when that could not be told yet. */
  #tell: (() => void) | undefined;
  #withdraw: (() => void) | undefined;
  #cancelPatience: () => void = () => undefined;
  #cancelEnd: () => void = () => undefined;

  constructor(client: ProvenClient, parts: DeviceSessionParts) {
    this.#client = client;
    this.#parts = parts;
    this.#dialects = parts.dialects.filter((dialect) => dialect.isFor(client.userName));
    this.#admit().catch((error: unknown) => {
      parts.logger.error({ error, address: client.address }, 'admission failed');
      this.#refuse('the relay failed; try again');
    });
  }

  /** The client asks for nothing: `ssh -N` without a forward keeps a link open all the same. */
  idle(): void {
    this.#stays = true;
    this.#whenAdmitted((device) => void this.#attach(device), undefined);
  }

  /** Answers a remote forward, as soon as it is known who asks. */
  forward(info: TcpipBindInfo, accept: Reply, reject: Refuse): void {
    this.#whenAdmitted((device) => {
      const refused = this.#forward(device, info, (port) => accept?.(port));
      if (refused === undefined) return;
      reject?.();
      // One line for a connection: what is refused can be refused a thousand times.
      if (this.#refusal === undefined) {
        this.#parts.logger.info({ device: device.name, reason: refused }, 'forward refused');
      }
      this.#refusal = refused;
      this.#shells.print(`not forwarded: ${refused}`);
      if (this.#isUseless()) this.#endAfter(NOTHING_TAKEN_MS);
    }, reject);
  }

  cancelForward(info: TcpipBindInfo, accept: Reply, reject: Refuse): void {
    if (this.#forwards?.cancel(info) === true) accept?.();
    else reject?.();
  }

  /** `ssh` without `-N` asks for a shell: it gets the addresses of its services, and stays until Ctrl-C, Ctrl-D or `q`. */
  shell(channel: ServerChannel): void {
    this.#shells.add(channel);
    this.#whenAdmitted((device) => {
      const forwards = this.#attach(device);
      if (forwards === undefined) return;
      this.#shells.print(`${device.name} is linked. Ctrl-C ends it.`);
      for (const { name, kind } of forwards.settled)
        this.#shells.print(this.#serviceLine(device, name, kind));
      if (this.#refusal !== undefined) this.#shells.print(`not forwarded: ${this.#refusal}`);
    }, undefined);
  }

  /** Runs a command, as soon as it is known who asks. */
  exec(channel: ServerChannel, text: string): void {
    this.#running.add(channel);
    if (this.#tell !== undefined) return this.#tell();
    this.#cancelEnd();
    this.#whenAdmitted(
      (device) => void this.#run(device, channel, text),
      () => {
        this.#running.delete(channel);
        channel.close();
      },
    );
  }

  /** The connection has closed. */
  closed(): void {
    this.#ended = true;
    this.#cancelPatience();
    this.#cancelEnd();
    this.#withdraw?.();
    this.#leave();
    this.#forwards?.close();
    // What is part of a link is counted there.
    if (!this.#called || this.#device === undefined || this.#member !== undefined) return;
    const { bytesRead, bytesWritten } = this.#client.socket;
    this.#parts.calls.count(this.#device, { in: bytesRead, out: bytesWritten });
  }

  peerEnded(): void {
    this.#member?.peerEnded();
  }

  /** Tells the client why and disconnects. */
  end(reason: string): void {
    if (this.#member === undefined) this.#refuse(reason);
    else this.#member.end(reason);
  }

  async #admit(): Promise<void> {
    const { userName, software, key } = this.#client;
    const { token, name = `device-${key.fingerprint.slice(7, 13)}` } = parseUserName(userName);
    let asked = false;
    const admitted = await this.#parts.admission.admit(this.#client, { name, token, software }, (waiting) => {
      asked = true;
      this.#client.admitted();
      // It may have gone before its request was there.
      if (this.#ended) return waiting.withdraw();
      this.#withdraw = waiting.withdraw;
      this.#cancelPatience = this.#parts.clock.after(PATIENCE_MS, () =>
        this.#refuse(
          `nobody pressed Allow within two minutes. Once somebody has, at ${waiting.url}, connect again.`,
        ),
      );
    });
    this.#withdraw = undefined;
    this.#cancelPatience();
    if (this.#ended) return;
    if (admitted.kind === 'refused') return this.#refuse(`${admitted.reason}. ${admitted.hint}`);
    const { device } = admitted;
    if (!asked && token === undefined && !this.#isNameOf(device)) {
      return this.#refuse(`this key belongs to the device ${device.name}: connect as ${device.name}@...`);
    }
    const leave = this.#parts.connections.enter(device, (reason) => this.end(reason));
    if (leave === undefined) return this.#refuse(`${device.name} has too many connections open`);
    this.#leave = leave;
    this.#client.admitted();
    this.#device = device;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) call();
  }

  #isNameOf(device: DeviceRecord): boolean {
    const { userName } = this.#client;
    if (this.#dialects.some((dialect) => dialect.keyIsEnough)) return true;
    const name = toDeviceName(userName);
    return name !== undefined && [device.name, ...device.formerNames].includes(name);
  }

  #whenAdmitted(call: (device: DeviceRecord) => void, refuse: Refuse): void {
    // OpenSSH sends all its forwards at once, before it has an answer to the first.
    const over = this.#ended || this.#member?.ended === true;
    if (over || this.#waiting.length > SERVICES_MAX) return refuse?.();
    const device = this.#device;
    if (device !== undefined) return call(device);
    this.#waiting.push(() => {
      if (!this.#ended && this.#device !== undefined) call(this.#device);
    });
  }

  /** Why it was refused; undefined: it was not. */
  #forward(device: DeviceRecord, info: TcpipBindInfo, accept: (port: number) => void): string | undefined {
    for (const dialect of this.#dialects) {
      const refused = dialect.refusal(device.id, info.bindPort);
      if (refused !== undefined) return refused;
    }
    const forwards = this.#attach(device);
    return forwards === undefined ? 'the connection ends' : forwards.add(info, accept);
  }

  async #run(device: DeviceRecord, channel: ServerChannel, text: string): Promise<void> {
    const { calls, clock, logger } = this.#parts;
    const { address, software } = this.#client;
    try {
      if (await runCommand(channel, { device, text, dialects: this.#dialects, clock })) {
        this.#called = true;
        calls.contact(device, { address, software });
      }
    } catch (error) {
      logger.error({ error, device: device.name }, 'command failed');
      channel.close();
    }
    this.#running.delete(channel);
    if (this.#isUseless()) this.#endAfter(ERRAND_IDLE_MS);
  }

  /** Nothing of what the client wanted is under way. */
  #isUseless(): boolean {
    const idle = this.#running.size === 0 && this.#shells.size === 0;
    return idle && !this.#stays && (this.#forwards === undefined || this.#forwards.size === 0);
  }

  #endAfter(ms: number): void {
    this.#cancelEnd();
    this.#cancelEnd = this.#parts.clock.after(ms, () => {
      if (!this.#isUseless()) return;
      this.end(
        this.#refusal === undefined ? 'there is nothing more to do' : `not forwarded: ${this.#refusal}`,
      );
    });
  }

  /** Makes the connection part of the device's link; undefined: that cannot be, and the client is told. */
  #attach(device: DeviceRecord): StockForwards | undefined {
    if (this.#forwards !== undefined || this.#ended) return this.#forwards;
    const { connection, socket, transport, address, software } = this.#client;
    const { clock, links, maxChannels } = this.#parts;
    const member = new SshLink({
      ...{ device, connection, socket, transport, address, agent: software, maxChannels, clock },
      ping: () => pingClient(connection),
      disconnect: (reason) => {
        // At once: what is ended is often half open, and its close comes late.
        leave();
        this.#farewell(reason);
      },
    });
    const owner: MemberOwner = {
      lost: (service) => this.#forwards?.lost(service),
      setKind: (service, kind) => this.#forwards?.setKind(service, kind),
    };
    const link = joinStockLink(links, member, owner, { maxChannels });
    if (link === undefined) {
      this.#refuse(`${device.name} has as many connections as a link may have`);
      return undefined;
    }
    this.#cancelEnd();
    this.#member = member;
    this.#client.linked();
    const leave = (): void => {
      if (link.leave(member)) links.detach(link, link.endReason);
      else links.changed(link);
    };
    connection.once('close', () => {
      member.markClosed();
      leave();
    });
    this.#forwards = new StockForwards({
      ...{ ...this.#parts, device, link, member },
      onService: (name, kind) => this.#shells.print(this.#serviceLine(device, name, kind)),
      onEmpty: (why) => {
        if (this.#isUseless()) member.end(why);
      },
    });
    return this.#forwards;
  }

  #serviceLine(device: DeviceRecord, name: string, kind: ServiceKind): string {
    return `${name}: ${isWebService({ kind }) ? this.#parts.serviceUrl(name, device.name) : 'a tcp service'}`;
  }

  #refuse(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#parts.logger.info({ address: this.#client.address, reason }, 'stock client ended');
    const { clock } = this.#parts;
    const tell = (): void => {
      this.#tell = undefined;
      this.#farewell(reason);
    };
    const early = needsChannel(this.#client) && this.#running.size + this.#shells.size === 0;
    if (early) {
      this.#tell = tell;
      clock.after(LINGER_MS, () => this.#tell?.());
    } else tell();
    // A client that never hangs up would keep its socket for ever.
    clock.after(early ? 2 * LINGER_MS : LINGER_MS, () => this.#client.socket.destroy());
  }

  #farewell(reason: string): void {
    farewell(this.#client, [...this.#running, ...this.#shells], reason);
  }
}
