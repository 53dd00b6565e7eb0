import type { Duplex } from 'node:stream';
import { type AnnouncedService, isWebService, PorchlightError } from '@porchlight/protocol';
import type { CallHomes, PortRequests } from '../call-home/index.ts';
import type { Clock } from '../clock.ts';
import { type DeviceRecord, keyFingerprintOf } from '../devices/index.ts';
import type { Link, LinkListener, LinkTable } from '../links/index.ts';
import type { DevicePorts, PortTarget, ReachOptions } from './device-ports.ts';
import { type Offered, OfferWaiters } from './offer-waiters.ts';
import { LINGER_MS, type PortHold, PortHolds } from './port-holds.ts';
import { describeTarget, offeredService, portOfTarget } from './port-target.ts';

/** A device that calls home is waited for so many of its intervals: by then it counts as offline too, */
const WAIT_INTERVALS = 2.5;
/** but no shorter: the call may have to be made, read, and answered by a second connection over a slow link, */
const WAIT_MIN_MS = 30_000;
/** and no longer: who connects does not wait for ever, and each holds a socket. */
const WAIT_MAX_MS = 5 * 60_000;
/** What is assumed of a device that has called, when nobody knows how often it does. */
const INTERVAL_MS = 60_000;

export interface DeviceReachParts {
  readonly links: LinkTable;
  readonly requests: PortRequests;
  readonly callHomes: CallHomes;
  readonly clock: Clock;
  /** When the device's link went down, if that was during this run of the relay. */
  readonly downSince: (deviceId: string) => { readonly at: number } | undefined;
}

/** How a device that calls home is expected to. */
export interface CallPlan {
  readonly intervalMs: number;
  /** When the next call is expected, ms since 1970; never in the past. */
  readonly dueAt: number;
  /** False: it has missed its calls. */
  readonly up: boolean;
  readonly since: number | undefined;
}

/** Reaches devices' ports over the links that are up, and asks devices that call home for theirs. */
export class DeviceReach implements DevicePorts, LinkListener {
  readonly #parts: DeviceReachParts;
  readonly #waiters: OfferWaiters;
  readonly holds: PortHolds;

  constructor(parts: DeviceReachParts) {
    this.#parts = parts;
    this.#waiters = new OfferWaiters(parts);
    this.holds = new PortHolds(parts);
  }

  async open(device: DeviceRecord, target: PortTarget, options: ReachOptions): Promise<Duplex> {
    options.signal.throwIfAborted();
    const plan = this.plan(device);
    const offered = this.offered(device, target);
    if (offered !== undefined) {
      try {
        return await this.#openChannel(offered, target, plan, options);
      } catch (error) {
        // A link that ended just now may come back with the next call.
        const again = error instanceof PorchlightError && error.code === 'device_offline';
        if (!again || plan === undefined) throw error;
      }
    }
    if (plan === undefined) throw this.#notOffered(device, target);
    return this.#ask(device, target, plan, options);
  }

  /**
   * What a target means on the device's present link.
   * @throws PorchlightError `device_offline` (blocked), `device_paused`, `bad_request` (an agent's web service)
   */
  offered(device: DeviceRecord, target: PortTarget): Offered | undefined {
    if (device.blockedAt !== undefined) {
      throw new PorchlightError('device_offline', `${device.name} is blocked: its key is kept out`);
    }
    const link = this.#parts.links.get(device.id);
    const service = link === undefined ? undefined : offeredService(link.services, target);
    if (link === undefined || service === undefined) return undefined;
    if (link.paused) throw new PorchlightError('device_paused', `${device.name} is paused`);
    // An agent's web service reads who visits from the relay's header fields, which raw bytes could forge.
    if (isWebService(service) && !link.stock) {
      const message = `"${service.name}" of ${device.name} is a web service: open it by its address`;
      throw new PorchlightError('bad_request', message);
    }
    return { link, service };
  }

  /** Undefined: the device does not call home. */
  plan(device: DeviceRecord): CallPlan | undefined {
    // One without a key speaks only MQTT: it calls, and can open no port.
    if (keyFingerprintOf(device) === undefined) return undefined;
    const now = this.#parts.clock.now();
    const state = this.#parts.callHomes.state(device);
    if (state !== undefined) {
      const { intervalMs, since } = state;
      const up = state.up || this.#parts.links.get(device.id) !== undefined;
      return { intervalMs, up, since, dueAt: Math.max(now, state.dueAt) };
    }
    if (device.calledAt === undefined) return undefined;
    const seconds = device.callIntervalSet ?? device.callIntervalLearned;
    const intervalMs = seconds === undefined ? INTERVAL_MS : seconds * 1000;
    return { intervalMs, up: true, since: undefined, dueAt: Math.max(now, device.calledAt + intervalMs) };
  }

  /** Why a device without the target cannot be reached. */
  unreachable(device: DeviceRecord, target: PortTarget, plan: CallPlan | undefined): PorchlightError {
    if (plan !== undefined && portOfTarget(target) === undefined) {
      const message = `${device.name} calls home and does not offer ${describeTarget(target)} now: ask for a port by its number`;
      return new PorchlightError('service_unknown', message);
    }
    return plan === undefined ? this.#notOffered(device, target) : this.#missed(device, plan);
  }

  /** Ends the waiting for devices or accounts that are gone. */
  failWhere(which: (waiting: { deviceId: string; accountId: string }) => boolean, reason: string): void {
    this.#waiters.failWhere(which, new PorchlightError('device_offline', reason));
  }

  close(): void {
    this.failWhere(() => true, 'The relay stops');
    this.holds.close();
  }

  up(link: Link): void {
    this.#waiters.up(link);
  }

  changed(link: Link): void {
    this.#waiters.changed(link);
  }

  down(): void {}

  async #ask(
    device: DeviceRecord,
    target: PortTarget,
    plan: CallPlan,
    options: ReachOptions,
  ): Promise<Duplex> {
    const devicePort = portOfTarget(target);
    if (devicePort === undefined || !plan.up) throw this.unreachable(device, target, plan);
    const hold = this.holds.hold({ deviceId: device.id, devicePort });
    if (hold === undefined) {
      throw new PorchlightError('busy', `Too many ports of ${device.name} are asked for at once`);
    }
    // A device that calls less often than people wait finds the request when it does.
    const untilRead = plan.dueAt + plan.intervalMs - this.#parts.clock.now();
    let linger = options.lingerMs ?? Math.max(LINGER_MS, untilRead);
    try {
      options.onWaiting?.({ dueAt: plan.dueAt });
      const limitMs = Math.min(Math.max(plan.intervalMs * WAIT_INTERVALS, WAIT_MIN_MS), WAIT_MAX_MS);
      const offered = await this.#waiters.until(device, target, {
        signal: options.signal,
        limitMs,
        late: () => this.#late(device, devicePort, hold, plan, limitMs),
      });
      return await this.#openChannel(offered, target, plan, options);
    } catch (error) {
      if (options.signal.aborted) linger = 0;
      throw error;
    } finally {
      hold.release(linger);
    }
  }

  async #openChannel(
    { link, service }: { link: Link; service: AnnouncedService },
    target: PortTarget,
    plan: CallPlan | undefined,
    { from, signal, lingerMs = LINGER_MS }: ReachOptions,
  ): Promise<Duplex> {
    const hold = plan === undefined ? undefined : this.#holdAsked(link.deviceId, service, target);
    try {
      const channel = await link.openChannel(service.name, from);
      if (signal.aborted) channel.destroy();
      signal.throwIfAborted();
      channel.once('close', () => hold?.release(lingerMs));
      return channel;
    } catch (error) {
      hold?.release(signal.aborted ? 0 : lingerMs);
      throw error;
    }
  }

  /** A port that is there because it was asked for stays as long as it is used. */
  #holdAsked(deviceId: string, service: AnnouncedService, target: PortTarget): PortHold | undefined {
    const devicePort = portOfTarget(target) ?? service.port;
    if (devicePort === undefined || !this.holds.isAskedFor(deviceId, devicePort)) return undefined;
    return this.holds.hold({ deviceId, devicePort });
  }

  #late(
    device: DeviceRecord,
    port: number,
    hold: PortHold,
    plan: CallPlan,
    waitedMs: number,
  ): PorchlightError {
    const read = this.#parts.requests.match(device.id, hold.relayPort)?.takenAt !== undefined;
    const seconds = Math.round(waitedMs / 1000);
    const message = read
      ? `${device.name} has read the request for its port ${port}, but has not opened it within ${seconds} s`
      : `${device.name} has not called home within ${seconds} s (it calls every ${Math.round(plan.intervalMs / 1000)} s); the request stays in its inbox`;
    return new PorchlightError('device_timeout', message);
  }

  #missed(device: DeviceRecord, plan: CallPlan): PorchlightError {
    const every = Math.round(plan.intervalMs / 1000);
    const { since } = plan;
    const away = since === undefined ? '' : ` since ${timeOf(since)}`;
    const message = `${device.name} is offline${away}: it calls home every ${every} s, and has missed its calls`;
    return new PorchlightError('device_offline', message, {
      detail: since === undefined ? {} : { offlineSince: since },
    });
  }

  #notOffered(device: DeviceRecord, target: PortTarget): PorchlightError {
    if (keyFingerprintOf(device) === undefined) {
      const message = `${device.name} speaks only MQTT, and has no ports that could be reached`;
      return new PorchlightError('service_unknown', message);
    }
    if (this.#parts.links.get(device.id) !== undefined) {
      return new PorchlightError(
        'service_unknown',
        `${device.name} does not offer ${describeTarget(target)} now`,
      );
    }
    const since = this.#parts.downSince(device.id)?.at ?? device.lastDownAt;
    const message =
      since === undefined
        ? `${device.name} has never been online`
        : `${device.name} is offline since ${timeOf(since)}`;
    return new PorchlightError('device_offline', message, {
      detail: since === undefined ? {} : { offlineSince: since },
    });
  }
}

function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
