import type { Server } from 'node:net';
import { isWebService, PorchlightError } from '@porchlight/protocol';
import type { Forward } from '@porchlight/protocol/api';
import type { PortRequests } from '../call-home/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceRecord } from '../devices/index.ts';
import { addressFor } from './address.ts';
import type { AllowList } from './allow-list.ts';
import { Connections } from './connections.ts';
import type { PortTarget } from './device-ports.ts';
import type { CallPlan, DeviceReach } from './device-reach.ts';
import type { PortHold } from './port-holds.ts';
import { describeTarget, portOfTarget } from './port-target.ts';

export interface LiveForwardParts {
  readonly id: string;
  readonly by: {
    readonly accountId: string;
    readonly accountName: string;
    readonly standsOn?: string | undefined;
  };
  readonly device: DeviceRecord;
  readonly target: PortTarget;
  readonly allow: AllowList;
  readonly server: Server;
  readonly bind: string | undefined;
  /** The name or address by which people reach the port. */
  readonly host: string;
  /** The relay's. */
  readonly domain: string;
  readonly port: number;
  readonly expiresAt: number;
  readonly reach: DeviceReach;
  readonly requests: Pick<PortRequests, 'match' | 'waiting'>;
  readonly clock: Clock;
  /** Its state has changed, or only its numbers. */
  readonly onChange: (what: 'state' | 'numbers') => void;
}

/**
 * One forward: a listening port, and the request in the inbox of a device that calls home.
 *
 *     waiting <--the device has gone / is there--> open      ended by time or by hand from both
 */
export class LiveForward {
  readonly #parts: LiveForwardParts;
  readonly connections: Connections;
  #device: DeviceRecord;
  #state: 'waiting' | 'open' = 'waiting';
  #since: number;
  /** The kind of the service, as far as it is known. */
  #isWeb = false;
  /** Why it cannot be used although the device may be there: paused or blocked. */
  #obstacle: string | undefined;
  #hold: PortHold | undefined;
  readonly #createdAt: number;

  constructor(parts: LiveForwardParts) {
    this.#parts = parts;
    this.#device = parts.device;
    this.#createdAt = parts.clock.now();
    this.#since = this.#createdAt;
    this.connections = new Connections({
      admits: (address) => parts.allow.has(address),
      reach: (from, signal) => parts.reach.open(this.#device, parts.target, { from, signal, lingerMs: 0 }),
      onChange: () => parts.onChange('numbers'),
    });
    parts.server.on('drop', () => this.connections.turnedAway());
  }

  get accountId(): string {
    return this.#parts.by.accountId;
  }

  get deviceId(): string {
    return this.#device.id;
  }

  get standsOn(): string | undefined {
    return this.#parts.by.standsOn;
  }

  get state(): 'waiting' | 'open' {
    return this.#state;
  }

  /**
   * Asks for the port, if it has to be asked for.
   * @throws PorchlightError `busy`: the device's inbox is full
   */
  begin(): void {
    this.#look(true);
    if (this.#state === 'waiting' && this.#plan() !== undefined && this.#hold === undefined) {
      throw new PorchlightError('busy', `Too many ports of ${this.#device.name} are asked for at once`);
    }
  }

  /** The device's link or record may have changed. */
  look(device?: DeviceRecord): void {
    if (device !== undefined) this.#device = device;
    this.#look(false);
  }

  end(): void {
    this.#parts.server.close();
    this.connections.end();
    this.#hold?.release(0);
    this.#hold = undefined;
  }

  view(): Forward {
    const { id, by, target, host, domain, port, bind, allow, expiresAt } = this.#parts;
    const { connections } = this;
    const { bytesIn, bytesOut, refused, total: connectionsTotal, lastFailure } = connections;
    return {
      id,
      deviceId: this.#device.id,
      deviceName: this.#device.name,
      ...('service' in target ? { service: target.service } : { devicePort: target.port }),
      state: this.#state,
      since: this.#since,
      ...(this.#state === 'open' ? {} : { waiting: this.#waiting() }),
      ...{ host, port, address: addressFor({ host, port, domain, target, isWeb: this.#isWeb }) },
      ...{ bind: bind ?? '*', allow: [...allow.blocks], createdBy: by.accountName },
      ...{ createdAt: this.#createdAt, expiresAt, connections: connections.size, connectionsTotal },
      ...{ refused, bytesIn, bytesOut, ...(lastFailure === undefined ? {} : { lastFailure }) },
    };
  }

  #look(first: boolean): void {
    const before = this.#state;
    const offered = this.#offered();
    this.#state = offered === undefined ? 'waiting' : 'open';
    if (offered !== undefined) this.#isWeb = isWebService(offered.service);
    this.#ask(offered?.service.port);
    if (first || before === this.#state) return;
    this.#since = this.#parts.clock.now();
    this.#parts.onChange('state');
  }

  #offered(): ReturnType<DeviceReach['offered']> {
    this.#obstacle = undefined;
    try {
      return this.#parts.reach.offered(this.#device, this.#parts.target);
    } catch (error) {
      if (!(error instanceof PorchlightError)) throw error;
      this.#obstacle = error.message;
      return undefined;
    }
  }

  /** Of a device that calls home: asks for what is not there, and keeps what is there because it was asked for. */
  #ask(openPort: number | undefined): void {
    const { reach, target, port, expiresAt } = this.#parts;
    const devicePort = portOfTarget(target) ?? openPort;
    if (this.#hold !== undefined || devicePort === undefined || this.#plan() === undefined) return;
    const wish = { deviceId: this.#device.id, devicePort, until: expiresAt };
    if (reach.holds.isAskedFor(wish.deviceId, devicePort)) this.#hold = reach.holds.hold(wish);
    else if (this.#state === 'waiting') this.#hold = reach.holds.hold({ ...wish, relayPort: port });
  }

  #plan(): CallPlan | undefined {
    return this.#parts.reach.plan(this.#device);
  }

  #waiting(): NonNullable<Forward['waiting']> {
    const { requests, target } = this.#parts;
    const plan = this.#plan();
    const { name } = this.#device;
    if (this.#obstacle !== undefined) return { reason: this.#obstacle, read: false };
    if (plan === undefined || this.#hold === undefined) {
      const { message } = this.#parts.reach.unreachable(this.#device, target, plan);
      return { reason: message, read: false };
    }
    const request = requests.match(this.#device.id, this.#hold.relayPort);
    // What was read and led to nothing waits again.
    const read =
      request?.takenAt !== undefined &&
      !requests.waiting(this.#device.id).some(({ id: waits }) => waits === request.id);
    const intervalSeconds = Math.round(plan.intervalMs / 1000);
    if (!plan.up) {
      const reason = `${this.#parts.reach.unreachable(this.#device, target, plan).message}; the request waits for it`;
      return { reason, intervalSeconds, read };
    }
    const reason = read
      ? `${name} has read the request and is about to open ${describeTarget(target)}`
      : `${name} calls home every ${intervalSeconds} s`;
    return { reason, intervalSeconds, read, dueAt: plan.dueAt };
  }
}
