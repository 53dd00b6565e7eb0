import { isServiceName, SERVICES_MAX, type ServiceKind } from '@porchlight/protocol';
import type { Channel, TcpipBindInfo } from 'ssh2';
import type { DeviceRecord } from '../devices/index.ts';
import type { DeviceSessionParts } from './device-session.ts';
import { disconnectWith, pingClient } from './server-messages.ts';
import { detectKind } from './service-kind.ts';
import { SshLink } from './ssh-link.ts';
import type { ProvenClient } from './ssh-server.ts';

/** A client whose key is unknown is let in on the same connection when a person presses Allow within this time. */
const PATIENCE_MS = 2 * 60_000;
/** Time for a refused client to read why. */
const LINGER_MS = 1_000;
/** An SSH user name of this form is an enrolment token. */
const TOKEN = /^ple_[A-Za-z0-9_-]{20,100}$/;
/** Ports given out for `-R 0:…`, which says that any will do. */
const FIRST_FREE_PORT = 20_000;
/** Ctrl-C, Ctrl-D and `q`. */
const ENDING = [0x03, 0x04, 0x71] as const;

type Reply = ((port?: number) => void) | undefined;

/**
 * A device that has only a stock SSH client (`ssh -R`): each remote forward (RFC 4254 §7.1) is a service, named by its
 * bind address or port. Nothing is bound on the relay's own interfaces.
 *
 *     admitting --known key, token, or Allow--> linked --> ended
 *         `-----Deny, two minutes, wrong user name--------^
 */
export class StockSession {
  readonly #client: ProvenClient;
  readonly #parts: DeviceSessionParts;
  readonly #shells = new Set<Channel>();
  #waiting: (() => void)[] = [];
  #link: SshLink | undefined;
  /** Kinds found out over earlier links. */
  #kinds: ReadonlyMap<string, ServiceKind> = new Map();
  #ended = false;
  #withdraw: (() => void) | undefined;
  #cancelPatience: () => void = () => undefined;

  constructor(client: ProvenClient, parts: DeviceSessionParts) {
    this.#client = client;
    this.#parts = parts;
    this.#admit().catch((error: unknown) => {
      parts.logger.error({ error, address: client.address }, 'admission failed');
      this.#refuse('the relay failed; try again');
    });
  }

  /** Answers a remote forward, as soon as it is known who asks. */
  forward(info: TcpipBindInfo, accept: Reply, reject: (() => void) | undefined): void {
    this.#whenLinked((link) => {
      const port = info.bindPort === 0 ? FIRST_FREE_PORT + link.forwardCount : info.bindPort;
      const name = serviceNameOf(info.bindAddr, port);
      if (name === undefined || link.forwardCount >= SERVICES_MAX) return reject?.();
      link.addForward(name, { address: info.bindAddr, port });
      accept?.(port);
      void this.#offer(link, name, port);
    }, reject);
  }

  cancelForward(info: TcpipBindInfo, accept: Reply, reject: (() => void) | undefined): void {
    const name = serviceNameOf(info.bindAddr, info.bindPort);
    if (this.#link === undefined || name === undefined) return reject?.();
    this.#link.removeForward(name);
    this.#parts.links.changed(this.#link);
    accept?.();
  }

  /** `ssh` without `-N` asks for a shell: it gets the addresses of its services, and stays until Ctrl-C, Ctrl-D or `q`. */
  shell(channel: Channel): void {
    this.#shells.add(channel);
    channel.on('close', () => this.#shells.delete(channel));
    channel.on('data', (keys: Buffer) => {
      if (!ENDING.some((key) => keys.includes(key))) return;
      Reflect.apply(Reflect.get(channel, 'exit'), channel, [0]);
      channel.end();
    });
    this.#whenLinked((link) => channel.write(`${link.deviceName} is linked. Ctrl-C ends it.\r\n`), undefined);
  }

  /** The connection has closed. */
  closed(): void {
    this.#ended = true;
    this.#cancelPatience();
    this.#withdraw?.();
    const link = this.#link;
    if (link === undefined) return;
    link.markClosed();
    this.#parts.links.detach(link, link.endReason);
  }

  peerEnded(): void {
    this.#link?.peerEnded();
  }

  async #admit(): Promise<void> {
    const { userName, software } = this.#client;
    const token = TOKEN.test(userName) ? userName : undefined;
    const name = token === undefined ? userName : `device-${this.#client.key.fingerprint.slice(7, 13)}`;
    let asked = false;
    const admitted = await this.#parts.admission.admit(this.#client, { name, token, software }, (waiting) => {
      asked = true;
      this.#client.admitted();
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
    const names = [device.name, ...device.formerNames];
    if (!asked && token === undefined && !names.includes(userName)) {
      return this.#refuse(`this key belongs to the device ${device.name}: connect as ${device.name}@…`);
    }
    this.#linkUp(device);
  }

  #linkUp(device: DeviceRecord): void {
    this.#client.admitted();
    const { connection, socket, transport, address, software } = this.#client;
    const { clock, links, maxChannels } = this.#parts;
    const link = new SshLink({
      device,
      connection,
      socket,
      transport,
      address,
      agent: software,
      maxChannels,
      clock,
      ping: () => pingClient(connection),
    });
    this.#link = link;
    this.#kinds = new Map(device.services.map((service) => [service.name, service.kind]));
    link.announce([]);
    this.#client.linked();
    links.attach(link);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) call();
  }

  #whenLinked(call: (link: SshLink) => void, refuse: (() => void) | undefined): void {
    if (this.#link !== undefined) return call(this.#link);
    // OpenSSH sends all its forwards at once, before it has an answer to the first.
    if (this.#ended || this.#waiting.length >= SERVICES_MAX) return refuse?.();
    this.#waiting.push(() => this.#link !== undefined && call(this.#link));
  }

  /** Finds out what the service is, and offers it. */
  async #offer(link: SshLink, name: string, port: number): Promise<void> {
    const { devices, events, links, logger } = this.#parts;
    try {
      link.announce([...link.services.filter((one) => one.name !== name), { name, kind: 'tcp' }]);
      const kind = this.#kinds.get(name) ?? (await detectKind(link, name, port, this.#parts.clock));
      if (this.#ended) return;
      link.announce([...link.services.filter((one) => one.name !== name), { name, kind }]);
      await devices.addServices(link.deviceId, [{ name, kind }]);
      events.publish({ type: 'device-changed', accountId: link.accountId, deviceId: link.deviceId });
      links.changed(link);
      const url = kind === 'http' ? this.#parts.serviceUrl(name, link.deviceName) : 'a tcp service';
      for (const shell of this.#shells) shell.write(`${name}: ${url}\r\n`);
    } catch (error) {
      logger.error({ error, device: link.deviceName }, 'services not kept');
    }
  }

  #refuse(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#parts.logger.info({ address: this.#client.address, reason }, 'stock client refused');
    disconnectWith(this.#client.connection, `Porchlight: ${reason}`);
    // A client that never hangs up would keep its socket for ever.
    this.#parts.clock.after(LINGER_MS, () => this.#client.socket.destroy());
  }
}

/** `jupyter` for `-R jupyter:80:…`; the port for `-R 8888:…`, whose bind address is empty, `*` or a loopback name. */
export function serviceNameOf(address: string, port: number): string | undefined {
  const unnamed = ['', '*', 'localhost', '127.0.0.1', '::1', '0.0.0.0', '::', '[::]'].includes(address);
  const name = unnamed ? String(port) : address.toLowerCase();
  return isServiceName(name) && port >= 0 && port <= 65_535 ? name : undefined;
}
