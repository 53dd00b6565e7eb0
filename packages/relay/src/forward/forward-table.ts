import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { joinStreams } from '@porchlight/link';
import { PorchlightError } from '@porchlight/protocol';
import type { Forward } from '@porchlight/protocol/api';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { LinkTable } from '../links/index.ts';
import { newId } from '../secrets.ts';
import type { Forwards } from './forwards.ts';

/** Forwards of one account at the same time. */
const PER_ACCOUNT_MAX = 50;
/** Connections through one forward at the same time. */
const CONNECTIONS_MAX = 64;
/** Ports tried before the range counts as full. */
const PORT_TRIES = 50;

interface Open {
  readonly forward: Forward;
  readonly accountId: string;
  readonly accountName: string;
  readonly server: Server;
  readonly sockets: Set<Socket>;
  readonly cancelEnd: () => void;
}

export interface ForwardTableParts {
  readonly links: LinkTable;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: () => number;
  /** Where the ports are opened; undefined: on every address. */
  readonly host: string | undefined;
  /** 0 to 0: any free port. */
  readonly ports: { readonly from: number; readonly to: number };
  /** The name by which people reach the ports. */
  readonly publicHost: string;
}

/** The forwards that are open. They stay open while the device is away, and end by the clock. */
export class ForwardTable implements Forwards {
  readonly #parts: ForwardTableParts;
  readonly #open = new Map<string, Open>();
  /** Accounts whose forwards are being opened, once for each: they count too. */
  readonly #opening: string[] = [];

  constructor(parts: ForwardTableParts) {
    this.#parts = parts;
  }

  list(accountId: string, deviceId: string): Forward[] {
    return [...this.#open.values()]
      .filter((one) => one.accountId === accountId && one.forward.deviceId === deviceId)
      .map((one) => ({ ...one.forward, connections: one.sockets.size }));
  }

  async open(
    by: { accountId: string; accountName: string; address: string },
    to: { deviceId: string; deviceName: string; service: string; minutes: number },
  ): Promise<Forward> {
    const { clock, links, publicHost } = this.#parts;
    const link = links.get(to.deviceId);
    if (link === undefined) throw new PorchlightError('device_offline');
    if (!link.services.some((one) => one.name === to.service && one.kind === 'tcp')) {
      throw new PorchlightError('service_unknown');
    }
    const own =
      [...this.#open.values()].filter((one) => one.accountId === by.accountId).length +
      this.#opening.filter((accountId) => accountId === by.accountId).length;
    if (own >= PER_ACCOUNT_MAX) throw new PorchlightError('busy', `Close one of your ${own} forwards first`);
    const id = newId();
    const sockets = new Set<Socket>();
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#connect(id, socket),
    );
    server.maxConnections = CONNECTIONS_MAX;
    const port = await this.#listenFor(by.accountId, server);
    if (links.get(to.deviceId) === undefined) {
      // It may have been removed meanwhile: a forward to nothing would stay.
      server.close();
      throw new PorchlightError('device_offline');
    }
    server.on('error', () => undefined); // accept errors (out of file descriptors) pass; the port stays open
    const now = clock.now();
    const expiresAt = now + to.minutes * 60_000;
    const forward: Forward = {
      id,
      deviceId: to.deviceId,
      service: to.service,
      host: publicHost,
      port,
      createdAt: now,
      expiresAt,
      connections: 0,
    };
    const cancelEnd = clock.after(expiresAt - now, () => this.#end(id, 'its time was over'));
    this.#open.set(id, {
      forward,
      accountId: by.accountId,
      accountName: by.accountName,
      server,
      sockets,
      cancelEnd,
    });
    this.#note(id, 'forward.opened', { port, minutes: to.minutes, from: by.address });
    return forward;
  }

  async close(accountId: string, id: string): Promise<boolean> {
    if (this.#open.get(id)?.accountId !== accountId) return false;
    this.#end(id, 'closed by a person');
    return true;
  }

  /** Ends the forwards of a device or account that is gone. */
  endWhere(which: (forward: { deviceId: string; accountId: string }) => boolean, reason: string): void {
    for (const [id, { forward, accountId }] of this.#open) {
      if (which({ deviceId: forward.deviceId, accountId })) this.#end(id, reason);
    }
  }

  closeAll(): void {
    this.endWhere(() => true, 'the relay stopped');
  }

  #connect(id: string, socket: Socket): void {
    const open = this.#open.get(id);
    const link = open === undefined ? undefined : this.#parts.links.get(open.forward.deviceId);
    socket.on('error', () => socket.destroy());
    if (open === undefined || link === undefined) {
      socket.destroy();
      return;
    }
    open.sockets.add(socket);
    socket.once('close', () => open.sockets.delete(socket));
    const from = { address: socket.remoteAddress ?? '0.0.0.0', port: socket.remotePort ?? 0 };
    link.openChannel(open.forward.service, from).then(
      (channel) => {
        if (socket.destroyed) channel.destroy();
        else joinStreams(socket, channel);
      },
      // The reason is on the device's page; a TCP client can only be hung up on.
      () => socket.destroy(),
    );
  }

  async #listenFor(accountId: string, server: Server): Promise<number> {
    this.#opening.push(accountId);
    try {
      return await this.#listen(server);
    } finally {
      this.#opening.splice(this.#opening.indexOf(accountId), 1);
    }
  }

  /** Takes a port of the range: from a random one onwards, so that a port is not soon another's. */
  async #listen(server: Server): Promise<number> {
    const { from, to } = this.#parts.ports;
    const count = to - from + 1;
    const first = Math.floor(this.#parts.random() * count);
    let failure: unknown;
    for (let attempt = 0; attempt < Math.min(PORT_TRIES, count); attempt += 1) {
      const port = from === 0 ? 0 : from + ((first + attempt) % count);
      try {
        server.listen({ port, ...(this.#parts.host === undefined ? {} : { host: this.#parts.host }) });
        await once(server, 'listening');
        return (server.address() as AddressInfo).port;
      } catch (error) {
        failure = error;
      }
    }
    throw new PorchlightError('busy', 'No free port for a forward was found', { cause: failure });
  }

  #end(id: string, reason: string): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#note(id, 'forward.closed', { port: open.forward.port, reason });
    this.#open.delete(id);
    open.cancelEnd();
    open.server.close();
    for (const socket of open.sockets) socket.destroy();
  }

  #note(
    id: string,
    action: 'forward.opened' | 'forward.closed',
    detail: Record<string, string | number>,
  ): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#parts.audit.append({
      accountId: open.accountId,
      at: this.#parts.clock.now(),
      actor: open.accountName,
      action,
      deviceId: open.forward.deviceId,
      target: open.forward.service,
      detail,
    });
  }
}
