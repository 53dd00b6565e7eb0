import type { Socket } from 'node:net';
import { joinStreams } from '@porchlight/link';
import { PorchlightError } from '@porchlight/protocol';
import type { PassthroughRecord } from '../devices/index.ts';
import type { LinkTable } from '../links/index.ts';
import { endSoon, parseHost, type VisitNotes } from '../publish/index.ts';
import type { RelayMetrics } from '../telemetry/index.ts';
import type { PassthroughTable } from './passthrough-table.ts';

/** Connections to one service at the same time: a link's channels (256 at first) are not all for one. */
const PER_SERVICE_MAX = 128;
/** A connection over which nothing has passed for so long is dead; as for other visitors. */
const IDLE_MS = 2 * 3600_000;
/**
 * A fatal TLS alert (RFC 8446 §6), in a record of its own: what a client understands of us before any handshake. 80
 * `internal_error`: the name is right, and there is no way to the device now.
 */
const ALERT_INTERNAL_ERROR = '\x15\x03\x03\x00\x02\x02\x50';

export interface PassthroughParts {
  readonly table: PassthroughTable;
  readonly links: Pick<LinkTable, 'get'>;
  readonly domain: string;
  readonly notes: VisitNotes;
  readonly meters: RelayMetrics['passthrough'];
}

interface Carried {
  readonly deviceId: string;
  readonly service: string;
}

/** Carries TLS connections to the devices that end them; of what is inside the relay sees nothing. */
export class Passthrough {
  readonly #parts: PassthroughParts;
  readonly #open = new Map<Socket, Carried>();

  constructor(parts: PassthroughParts) {
    this.#parts = parts;
    parts.table.listen(() => this.#endStale());
  }

  /** False: no host name is carried, so that no connection has to be looked at. */
  get inUse(): boolean {
    return this.#parts.table.size > 0;
  }

  /** Connections open now. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Takes over a connection whose ClientHello names this host; false: it is not one of these. Nothing has been read
   * from the socket, or all of it was put back. Without a way to the device it is ended with a TLS alert.
   * @param address the visitor's
   */
  take(socket: Socket, serverName: string, address: string): boolean {
    const host = parseHost(serverName, this.#parts.domain);
    const record = host.kind === 'service' ? this.#parts.table.find(host.device, host.service) : undefined;
    if (record === undefined) return false;
    socket.on('error', () => socket.destroy());
    this.#carry(socket, record, address).catch(() => {
      this.#parts.meters.connections.refused.add(1);
      endSoon(socket, ALERT_INTERNAL_ERROR);
    });
    return true;
  }

  async #carry(socket: Socket, record: PassthroughRecord, address: string): Promise<void> {
    const { deviceId, service } = record;
    const { links, meters, notes, table } = this.#parts;
    const link = links.get(deviceId);
    if (link === undefined) throw new PorchlightError('device_offline');
    if (link.paused) throw new PorchlightError('device_paused');
    let others = 0;
    for (const one of this.#open.values())
      if (one.deviceId === deviceId && one.service === service) others += 1;
    if (others >= PER_SERVICE_MAX) throw new PorchlightError('busy');
    this.#open.set(socket, { deviceId, service });
    socket.once('close', () => {
      this.#open.delete(socket);
      meters.bytes.to_device.add(socket.bytesRead);
      meters.bytes.from_device.add(socket.bytesWritten);
    });
    // The visitor's end of sending is passed on, and the device's last words still come back.
    socket.allowHalfOpen = true;
    const channel = await link.openChannel(service, { address, port: socket.remotePort ?? 0 });
    if (socket.destroyed || !table.has(deviceId, service)) {
      channel.destroy();
      throw new PorchlightError('device_offline');
    }
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    meters.connections.carried.add(1);
    const { accountId, deviceName } = record;
    notes.note({
      accountId,
      deviceId,
      deviceName,
      service,
      address,
      access: 'passthrough',
      person: undefined,
    });
    joinStreams(socket, channel);
  }

  /** Ends what is carried to services that nobody passes on any more. */
  #endStale(): void {
    for (const [socket, { deviceId, service }] of this.#open) {
      if (!this.#parts.table.has(deviceId, service)) socket.destroy();
    }
  }
}
