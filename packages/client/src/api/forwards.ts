import type { Forward, ForwardOptions, NewForward } from '@porchlight/protocol/api';
import { type ApiCaller, type CallOptions, part } from './caller.ts';
import type { Page } from './pages.ts';

/** Forwards: TCP ports on the relay that lead to devices. */
export class Forwards {
  readonly #caller: ApiCaller;

  constructor(caller: ApiCaller) {
    this.#caller = caller;
  }

  /** All of them, or those to one device (its id). */
  async list({ device, signal }: CallOptions & { device?: string | undefined } = {}): Promise<Forward[]> {
    const path = device === undefined ? '/api/forwards' : `/api/devices/${part(device)}/forwards`;
    return (await this.#caller.call<Page<Forward>>('GET', path, { signal })).items;
  }

  get(id: string, options?: CallOptions): Promise<Forward> {
    return this.#caller.call('GET', `/api/forwards/${part(id)}`, options);
  }

  /** What may be asked for: how long, on which ports and addresses. */
  options(options?: CallOptions): Promise<ForwardOptions> {
    return this.#caller.call('GET', '/api/forwards/options', options);
  }

  /** Opens one to a service or port of a device (its id). It waits for a device that calls home. */
  open(device: string, wish: NewForward, options?: CallOptions): Promise<Forward> {
    return this.#caller.call('POST', `/api/devices/${part(device)}/forwards`, { ...options, body: wish });
  }

  /** Ends it with its connections. */
  close(id: string, options?: CallOptions): Promise<void> {
    return this.#caller.call('DELETE', `/api/forwards/${part(id)}`, options);
  }
}
