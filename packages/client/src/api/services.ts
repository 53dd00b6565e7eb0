import type { ProbeResult, Service, ServiceChange } from '@porchlight/protocol/api';
import { type ApiCaller, type CallOptions, part } from './caller.ts';

/** Services of devices: a device's id, and the name of the service. They are listed with their device. */
export class Services {
  readonly #caller: ApiCaller;

  constructor(caller: ApiCaller) {
    this.#caller = caller;
  }

  /** Sets who may open it, its kind and so on. */
  change(device: string, service: string, change: ServiceChange, options?: CallOptions): Promise<Service> {
    return this.#caller.call('PATCH', path(device, service), { ...options, body: change });
  }

  /** Forgets a service that the device does not offer any more. */
  remove(device: string, service: string, options?: CallOptions): Promise<void> {
    return this.#caller.call('DELETE', path(device, service), options);
  }

  /** Asks it for one answer through the whole path, now. */
  probe(device: string, service: string, options?: CallOptions): Promise<ProbeResult> {
    return this.#caller.call('POST', `${path(device, service)}/probe`, { ...options, body: {} });
  }

  /** Adds a user of the access mode `basic`, or gives the one with that name a new password. */
  setUser(
    at: { readonly device: string; readonly service: string },
    name: string,
    password: string,
    options?: CallOptions,
  ): Promise<Service> {
    const url = `${path(at.device, at.service)}/users/${part(name)}`;
    return this.#caller.call('PUT', url, { ...options, body: { password } });
  }

  removeUser(
    at: { readonly device: string; readonly service: string },
    name: string,
    options?: CallOptions,
  ): Promise<Service> {
    return this.#caller.call('DELETE', `${path(at.device, at.service)}/users/${part(name)}`, options);
  }
}

function path(device: string, service: string): string {
  return `/api/devices/${part(device)}/services/${part(service)}`;
}
