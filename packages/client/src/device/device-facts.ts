import { PorchlightError } from '@porchlight/protocol';
import type { Device, Service } from '@porchlight/protocol/api';
import type { CallOptions, RelayApi } from '../api/index.ts';

/** What the relay said of a device counts for so long; a request that fails has it asked anew at once. */
const LIFE_MS = 60_000;

/** What the relay says of a device, asked once for many. */
export class DeviceFacts {
  readonly #api: RelayApi;
  readonly #name: string;
  #known: { readonly device: Device; readonly until: number } | undefined;
  #asking: Promise<Device> | undefined;

  constructor(api: RelayApi, name: string) {
    this.#api = api;
    this.#name = name;
  }

  /** At most a minute old. @throws PorchlightError `not_found` and others */
  async device({ signal }: CallOptions = {}): Promise<Device> {
    if (this.#known !== undefined && performance.now() < this.#known.until) return this.#known.device;
    // One question for all who ask now; it goes on when one of them leaves.
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return signal === undefined ? this.#asking : await orAbort(this.#asking, signal);
  }

  /** What was known last when the relay cannot be asked: enough to find the device on the LAN. */
  async deviceOrLast(): Promise<Device> {
    try {
      return await this.device();
    } catch (error) {
      if (this.#known !== undefined && error instanceof PorchlightError && error.retry) {
        return this.#known.device;
      }
      throw error;
    }
  }

  /** Asks anew next time. */
  forget(): void {
    if (this.#known !== undefined) this.#known = { ...this.#known, until: 0 };
  }

  async #ask(): Promise<Device> {
    const { devices } = this.#api;
    const id = this.#known?.device.id;
    // A device that was renamed keeps its id; whoever has that name now is another one.
    const device = id === undefined ? await devices.byName(this.#name) : await devices.get(id);
    this.#known = { device, until: performance.now() + LIFE_MS };
    return device;
  }
}

/** The view of one service. @throws PorchlightError `service_unknown` */
export function serviceOf(device: Device, name: string): Service {
  const found = device.services.find((service) => service.name === name);
  if (found !== undefined) return found;
  throw new PorchlightError('service_unknown', `${device.name} has no service "${name}"`);
}

function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
