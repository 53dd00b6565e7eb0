import type { LanAllowance, LanDenial, LanDevices, LanRequest } from '@porchlight/protocol/api';
import { type ApiCaller, type CallOptions, part } from './caller.ts';
import type { Page } from './pages.ts';

/** WiFi devices at base stations: who asks to be let in, and who was. */
export class LanRequests {
  readonly #caller: ApiCaller;

  constructor(caller: ApiCaller) {
    this.#caller = caller;
  }

  /** Those that ask any of the account's base stations that are online. */
  async list(options?: CallOptions): Promise<LanRequest[]> {
    return (await this.#caller.call<Page<LanRequest>>('GET', '/api/lan-requests', options)).items;
  }

  /** Has the base station let the device in; `code` is the one that the device shows. The base station may refuse. */
  allow(
    request: Pick<LanRequest, 'deviceId' | 'id'>,
    allowance: LanAllowance,
    options?: CallOptions,
  ): Promise<void> {
    return this.#caller.call('POST', `${pathOf(request)}/allow`, { ...options, body: allowance });
  }

  deny(
    request: Pick<LanRequest, 'deviceId' | 'id'>,
    denial: LanDenial,
    options?: CallOptions,
  ): Promise<void> {
    return this.#caller.call('POST', `${pathOf(request)}/deny`, { ...options, body: denial });
  }

  /** The WiFi devices that a base station has let in. */
  devices(deviceId: string, options?: CallOptions): Promise<LanDevices> {
    return this.#caller.call('GET', `/api/devices/${part(deviceId)}/lan-devices`, options);
  }
}

function pathOf({ deviceId, id }: Pick<LanRequest, 'deviceId' | 'id'>): string {
  return `/api/devices/${part(deviceId)}/lan-requests/${part(id)}`;
}
