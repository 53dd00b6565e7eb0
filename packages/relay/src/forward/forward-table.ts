import net, { type Server } from 'node:net';
import { PorchlightError } from '@porchlight/protocol';
import type { Forward, ForwardOptions } from '@porchlight/protocol/api';
import type { Audit } from '../audit/index.ts';
import type { PortRequests } from '../call-home/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceRecord, DeviceStore } from '../devices/index.ts';
import type { EventBus } from '../events.ts';
import type { Link, LinkListener } from '../links/index.ts';
import { newId } from '../secrets.ts';
import { parseAllowList } from './allow-list.ts';
import { CONNECTIONS_MAX } from './connections.ts';
import type { DeviceReach } from './device-reach.ts';
import { ForwardAudit } from './forward-audit.ts';
import type { ForwardAsker, Forwards, ForwardWish } from './forwards.ts';
import { LiveForward, type LiveForwardParts } from './live-forward.ts';
import { portOfTarget } from './port-target.ts';
import { type RelayPortParts, RelayPorts } from './relay-ports.ts';

/** Forwards at the same time: of one account, and to one device. */
const PER_ACCOUNT_MAX = 50;
const PER_DEVICE_MAX = 20;
/** A forward lives for so long unless somebody says otherwise. */
const MINUTES = 60;
/** News of numbers alone are told at most this often. */
const NUMBERS_MS = 1_000;

export interface ForwardTableParts extends RelayPortParts {
  readonly reach: DeviceReach;
  readonly requests: PortRequests;
  readonly devices: Pick<DeviceStore, 'byId'>;
  readonly audit: Audit;
  readonly events: EventBus;
  readonly clock: Clock;
  /** The longest life of a forward. */
  readonly maxMinutes: number;
  readonly onError: (error: unknown) => void;
}

interface Entry {
  readonly id: string;
  readonly live: LiveForward;
  readonly cancelEnd: () => void;
  /** The audit knows that it was open. */
  noted: boolean;
  cancelNumbers: (() => void) | undefined;
}

/** Whose a forward is, where it leads, and by which token or key it was asked for. */
interface Stands {
  readonly accountId: string;
  readonly deviceId: string;
  readonly standsOn: string | undefined;
}

/** The forwards there are. They stay while their device is away, and end by the clock. */
export class ForwardTable implements Forwards, LinkListener {
  readonly #parts: ForwardTableParts;
  readonly #ports: RelayPorts;
  readonly #audit: ForwardAudit;
  readonly #entries = new Map<string, Entry>();
  /** Those that are about to listen: they count too. */
  readonly #opening = new Set<Stands & { ended: boolean }>();

  constructor(parts: ForwardTableParts) {
    this.#parts = parts;
    this.#ports = new RelayPorts(parts);
    this.#audit = new ForwardAudit(parts);
  }

  get options(): ForwardOptions {
    return { maxMinutes: this.#parts.maxMinutes, ...this.#ports.options };
  }

  list(accountId: string, deviceId?: string): Forward[] {
    return [...this.#entries.values()]
      .filter(({ live }) => live.accountId === accountId)
      .filter(({ live }) => deviceId === undefined || live.deviceId === deviceId)
      .map(({ live }) => live.view());
  }

  get(accountId: string, id: string): Forward | undefined {
    const live = this.#entries.get(id)?.live;
    return live?.accountId === accountId ? live.view() : undefined;
  }

  async open(by: ForwardAsker, wish: ForwardWish): Promise<Forward> {
    const { device } = wish;
    const minutes = this.#minutes(wish.minutes);
    const allow = parseAllowList(wish.allow ?? []);
    const bind = this.#ports.bind(wish.bind);
    this.#check(wish);
    this.#checkLimits(by.accountId, device);
    const id = newId();
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const live = this.#entries.get(id)?.live;
      if (live === undefined) socket.destroy();
      else live.connections.accept(socket);
    });
    server.maxConnections = CONNECTIONS_MAX;
    const { accountId, standsOn } = by;
    const opening = { accountId, deviceId: device.id, standsOn, ended: false };
    this.#opening.add(opening);
    try {
      const port = await this.#listen(server, bind, wish);
      // The device may have gone, or have been removed, meanwhile.
      const present = await this.#parts.devices.byId(by.accountId, device.id);
      if (present === undefined) throw new PorchlightError('not_found', 'There is no such device');
      if (opening.ended) throw new PorchlightError('token_invalid', 'What asked for it was revoked');
      this.#check({ ...wish, device: present });
      const expiresAt = this.#parts.clock.now() + minutes * 60_000;
      return this.#begin(
        by,
        { ...wish, device: present },
        {
          ...{ id, server, bind, port, expiresAt, allow, minutes },
        },
      );
    } catch (error) {
      server.close();
      throw error;
    } finally {
      this.#opening.delete(opening);
    }
  }

  async close(accountId: string, id: string): Promise<boolean> {
    if (this.#entries.get(id)?.live.accountId !== accountId) return false;
    this.#end(id, 'closed by a person');
    return true;
  }

  /** Ends the forwards of a device, account, token or key that is gone. */
  endWhere(which: (forward: Stands) => boolean, reason: string): void {
    for (const [id, { live }] of this.#entries) if (which(live)) this.#end(id, reason);
    for (const opening of this.#opening) if (which(opening)) opening.ended = true;
  }

  closeAll(): void {
    this.endWhere(() => true, 'the relay stopped');
  }

  up(link: Link): void {
    this.#look(link.deviceId);
  }

  changed(link: Link): void {
    this.#look(link.deviceId);
  }

  down(link: Link): void {
    this.#look(link.deviceId);
  }

  /** What is kept of the device has changed: its name, its interval, whether it is blocked. */
  deviceChanged(accountId: string, deviceId: string): void {
    if (!this.#of(deviceId).some(({ live }) => live.accountId === accountId)) return;
    this.#parts.devices
      .byId(accountId, deviceId)
      .then((device) => device !== undefined && this.#look(deviceId, device))
      .catch(this.#parts.onError);
  }

  /** The device has called, or its link has changed: what is told of forwards that wait for it is old. */
  deviceHeard(deviceId: string): void {
    for (const { live, id } of this.#of(deviceId)) {
      live.look();
      if (live.state === 'waiting') this.#tell(id, 'state');
    }
  }

  #minutes(wished: number | undefined): number {
    const { maxMinutes } = this.#parts;
    if (wished === undefined) return Math.min(MINUTES, maxMinutes);
    if (wished <= maxMinutes) return wished;
    throw new PorchlightError('bad_request', `A forward of this relay lives ${maxMinutes} minutes at most`);
  }

  /** @throws PorchlightError when the target is not there and no call home will bring it. */
  #check({ device, target }: ForwardWish): void {
    const { reach } = this.#parts;
    if (reach.offered(device, target) !== undefined) return;
    const plan = reach.plan(device);
    if (plan === undefined || portOfTarget(target) === undefined) {
      throw reach.unreachable(device, target, plan);
    }
  }

  #checkLimits(accountId: string, device: DeviceRecord): void {
    const all = [...this.#opening, ...[...this.#entries.values()].map(({ live }) => live)];
    const own = all.filter((one) => one.accountId === accountId).length;
    if (own >= PER_ACCOUNT_MAX) throw new PorchlightError('busy', `Close one of your ${own} forwards first`);
    const there = all.filter((one) => one.deviceId === device.id).length;
    if (there >= PER_DEVICE_MAX) {
      throw new PorchlightError('busy', `Close one of the ${there} forwards to ${device.name} first`);
    }
  }

  async #listen(
    server: Server,
    bind: string | undefined,
    { device, target, relayPort }: ForwardWish,
  ): Promise<number> {
    // A device's requests are told apart by their port on the relay.
    const asked = this.#parts.requests.list(device.id);
    const devicePort = portOfTarget(target);
    const usable = (port: number) =>
      !asked.some((one) => one.relayPort === port && one.devicePort !== devicePort);
    return await this.#ports.listen(server, bind, relayPort, usable);
  }

  #begin(
    by: ForwardAsker,
    { device, target }: ForwardWish,
    made: Pick<LiveForwardParts, 'id' | 'server' | 'bind' | 'port' | 'expiresAt' | 'allow'> & {
      readonly minutes: number;
    },
  ): Forward {
    const { clock, reach, requests } = this.#parts;
    const { minutes, ...parts } = made;
    const { id } = parts;
    const live = new LiveForward({
      ...parts,
      ...{
        by,
        device,
        target,
        host: this.#ports.reachedBy(parts.bind),
        domain: this.#parts.domain,
        reach,
        requests,
        clock,
      },
      onChange: (what) => this.#tell(id, what),
    });
    live.begin();
    parts.server.on('error', () => undefined); // accept errors (out of file descriptors) pass; the port stays open
    const cancelEnd = clock.after(minutes * 60_000, () => this.#end(id, 'its time was over'));
    const entry: Entry = { id, live, cancelEnd, noted: false, cancelNumbers: undefined };
    this.#entries.set(id, entry);
    this.#audit.begun(live, { minutes, from: by.address });
    entry.noted = live.state === 'open';
    this.#tell(id, 'state');
    return live.view();
  }

  #of(deviceId: string): Entry[] {
    return [...this.#entries.values()].filter(({ live }) => live.deviceId === deviceId);
  }

  #look(deviceId: string, device?: DeviceRecord): void {
    for (const { live } of this.#of(deviceId)) live.look(device);
  }

  #tell(id: string, what: 'state' | 'numbers'): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const { live } = entry;
    const publish = () => {
      const { accountId, deviceId } = live;
      this.#parts.events.publish({ type: 'forward-changed', accountId, deviceId, forwardId: id });
    };
    if (what === 'numbers') {
      entry.cancelNumbers ??= this.#parts.clock.after(NUMBERS_MS, () => {
        entry.cancelNumbers = undefined;
        publish();
      });
      return;
    }
    if (live.state === 'open' && !entry.noted) {
      entry.noted = true;
      this.#audit.opened(live);
    }
    publish();
  }

  #end(id: string, reason: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const { live } = entry;
    this.#entries.delete(id);
    entry.cancelEnd();
    entry.cancelNumbers?.();
    this.#audit.closed(live, reason);
    live.end();
    const { accountId, deviceId } = live;
    this.#parts.events.publish({ type: 'forward-ended', accountId, deviceId, forwardId: id, reason });
  }
}
