import { PorchlightError } from '@porchlight/protocol';
import type {
  Device,
  DeviceChange,
  EnrolledDevice,
  Health,
  NewDevice,
  Readings,
} from '@porchlight/protocol/api';
import { type ApiCaller, type CallOptions, part } from './caller.ts';
import { everyItem, type Page, type PageQuery } from './pages.ts';

/** Which devices: by a part of a name or tag, or by a tag. */
export interface DeviceFilter extends CallOptions {
  readonly search?: string | undefined;
  readonly tag?: string | undefined;
}

/** How far back: a day in minutes, or a month in hours. */
export type Span = '24h' | '30d';

/** Devices. `id` is a device's id, not its name: see {@link Devices.byName}. */
export class Devices {
  readonly #caller: ApiCaller;

  constructor(caller: ApiCaller) {
    this.#caller = caller;
  }

  /** One page, in order of name. */
  list({ signal, ...query }: DeviceFilter & PageQuery = {}): Promise<Page<Device>> {
    return this.#caller.call('GET', '/api/devices', { query, signal });
  }

  /** Every device, in order of name. */
  all({ signal, ...query }: DeviceFilter = {}): AsyncGenerator<Device, void, undefined> {
    return everyItem<Device>(this.#caller, '/api/devices', { query, signal });
  }

  get(id: string, options?: CallOptions): Promise<Device> {
    return this.#caller.call('GET', `/api/devices/${part(id)}`, options);
  }

  /** The device with exactly this name. @throws PorchlightError `not_found` */
  async byName(name: string, options: CallOptions = {}): Promise<Device> {
    for await (const device of this.all({ ...options, search: name })) {
      if (device.name === name) return device;
    }
    throw new PorchlightError('not_found', `There is no device "${name}"`);
  }

  change(id: string, change: DeviceChange, options?: CallOptions): Promise<Device> {
    return this.#caller.call('PATCH', `/api/devices/${part(id)}`, { ...options, body: change });
  }

  /** Lets a device in before it has ever connected. */
  enrol(device: NewDevice, options?: CallOptions): Promise<EnrolledDevice> {
    return this.#caller.call('POST', '/api/devices', { ...options, body: device });
  }

  /** Ends its link; it comes back by itself. */
  kick(id: string, options?: CallOptions): Promise<void> {
    return this.#caller.call('POST', `/api/devices/${part(id)}/kick`, { ...options, body: {} });
  }

  /** Removes it and ends its link; its names stay reserved. */
  remove(id: string, options?: CallOptions): Promise<void> {
    return this.#caller.call('DELETE', `/api/devices/${part(id)}`, options);
  }

  /** Whether the link was up, and its round trips. */
  health(id: string, { span = '24h', signal }: CallOptions & { span?: Span } = {}): Promise<Health> {
    return this.#caller.call('GET', `/api/devices/${part(id)}/health`, { query: { span }, signal });
  }

  /** What the device reports of itself. */
  readings(id: string, { span = '24h', signal }: CallOptions & { span?: Span } = {}): Promise<Readings> {
    return this.#caller.call('GET', `/api/devices/${part(id)}/readings`, { query: { span }, signal });
  }
}
