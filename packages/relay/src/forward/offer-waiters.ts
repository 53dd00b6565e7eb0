import { type AnnouncedService, PorchlightError } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import type { Link, LinkListener, LinkTable } from '../links/index.ts';
import type { PortTarget } from './device-ports.ts';
import { offeredService } from './port-target.ts';

/** Callers that may wait for one device, and for those of one account: each is a connection that is kept open. */
const PER_DEVICE_MAX = 64;
const PER_ACCOUNT_MAX = 256;

export interface Offered {
  readonly link: Link;
  readonly service: AnnouncedService;
}

interface Waiter {
  readonly accountId: string;
  look(link: Link): void;
  fail(error: unknown): void;
}

/** Callers that wait until a device offers something. */
export class OfferWaiters implements LinkListener {
  readonly #links: LinkTable;
  readonly #clock: Clock;
  readonly #byDevice = new Map<string, Set<Waiter>>();
  readonly #ofAccount = new Map<string, number>();

  constructor(parts: { links: LinkTable; clock: Clock }) {
    this.#links = parts.links;
    this.#clock = parts.clock;
  }

  /** How many wait for a device. */
  count(deviceId: string): number {
    return this.#byDevice.get(deviceId)?.size ?? 0;
  }

  /**
   * Resolves as soon as the target is offered. Rejects with the signal's reason, with `late()` after `limitMs`, and
   * with `busy` when too many wait already.
   */
  until(
    device: { readonly id: string; readonly accountId: string; readonly name: string },
    target: PortTarget,
    limits: { signal: AbortSignal; limitMs: number; late: () => PorchlightError },
  ): Promise<Offered> {
    const { signal, limitMs, late } = limits;
    if (signal.aborted) return Promise.reject(signal.reason);
    const ofAccount = this.#ofAccount.get(device.accountId) ?? 0;
    if (this.count(device.id) >= PER_DEVICE_MAX || ofAccount >= PER_ACCOUNT_MAX) {
      const message = `Too many connections wait for ${device.name} to call home`;
      return Promise.reject(new PorchlightError('busy', message));
    }
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        cancel();
        signal.removeEventListener('abort', onAbort);
        this.#remove(device.id, waiter);
      };
      const waiter: Waiter = {
        accountId: device.accountId,
        look(link) {
          const service = offeredService(link.services, target);
          if (service === undefined) return;
          settle();
          resolve({ link, service });
        },
        fail(error) {
          settle();
          reject(error);
        },
      };
      const onAbort = (): void => waiter.fail(signal.reason);
      const cancel = this.#clock.after(limitMs, () => waiter.fail(late()));
      signal.addEventListener('abort', onAbort);
      this.#add(device.id, waiter);
      const link = this.#links.get(device.id);
      if (link !== undefined) waiter.look(link);
    });
  }

  /** Nobody need wait for these any more. */
  failWhere(
    which: (waiting: { deviceId: string; accountId: string }) => boolean,
    error: PorchlightError,
  ): void {
    for (const [deviceId, waiters] of this.#byDevice) {
      for (const waiter of [...waiters]) {
        if (which({ deviceId, accountId: waiter.accountId })) waiter.fail(error);
      }
    }
  }

  up(link: Link): void {
    this.changed(link);
  }

  changed(link: Link): void {
    for (const waiter of [...(this.#byDevice.get(link.deviceId) ?? [])]) waiter.look(link);
  }

  down(): void {}

  #add(deviceId: string, waiter: Waiter): void {
    const waiters = this.#byDevice.get(deviceId) ?? new Set();
    waiters.add(waiter);
    this.#byDevice.set(deviceId, waiters);
    this.#ofAccount.set(waiter.accountId, (this.#ofAccount.get(waiter.accountId) ?? 0) + 1);
  }

  #remove(deviceId: string, waiter: Waiter): void {
    const waiters = this.#byDevice.get(deviceId);
    if (waiters === undefined || !waiters.delete(waiter)) return;
    if (waiters.size === 0) this.#byDevice.delete(deviceId);
    const left = (this.#ofAccount.get(waiter.accountId) ?? 1) - 1;
    if (left === 0) this.#ofAccount.delete(waiter.accountId);
    else this.#ofAccount.set(waiter.accountId, left);
  }
}
