import { isWebService } from '@porchlight/protocol';
import type { DeviceRecord, DeviceStore, ServiceRecord } from '../devices/index.ts';
import type { EventBus, RelayEvent } from '../events.ts';

/** What a published host name leads to; resolved once a request and then passed on as this object. */
export interface Route {
  readonly device: DeviceRecord;
  readonly service: ServiceRecord;
}

/** Resolved names kept in memory, and as many that lead nowhere; with more than that each starts anew. */
const ROUTES_MAX = 20_000;

/** Resolves `<service>--<device>` to a route, from memory when nothing about the device has changed. */
export class RouteTable {
  readonly #devices: Pick<DeviceStore, 'byName'>;
  readonly #routes = new Map<string, Route>();
  readonly #labelsOf = new Map<string, string[]>();
  /** Labels that lead nowhere, so that asking for them again and again costs no query. */
  readonly #nowhere = new Set<string>();
  readonly #unsubscribe: () => void;
  /** Counts changes: a lookup that was under way during one is not kept. */
  #version = 0;

  constructor(parts: { devices: Pick<DeviceStore, 'byName'>; events: EventBus }) {
    this.#devices = parts.devices;
    this.#unsubscribe = parts.events.subscribe((event) => this.#onEvent(event));
  }

  /** The route, at once, when it is in memory; undefined: ask `resolve`. */
  cached(device: string, service: string): Route | undefined {
    return this.#routes.get(`${service}--${device}`);
  }

  async resolve(device: string, service: string): Promise<Route | undefined> {
    const label = `${service}--${device}`;
    const kept = this.#routes.get(label);
    if (kept !== undefined || this.#nowhere.has(label)) return kept;
    const version = this.#version;
    const record = await this.#devices.byName(device);
    const found = record?.services.find((one) => one.name === service && isWebService(one));
    const route =
      record === undefined || found === undefined ? undefined : { device: record, service: found };
    if (version === this.#version) this.#keep(label, route);
    return route;
  }

  close(): void {
    this.#unsubscribe();
    this.#clear();
  }

  #keep(label: string, route: Route | undefined): void {
    if (route === undefined) {
      // Rubbish must not push out real names.
      if (this.#nowhere.size >= ROUTES_MAX) this.#nowhere.clear();
      this.#nowhere.add(label);
      return;
    }
    if (this.#routes.has(label)) return;
    if (this.#routes.size >= ROUTES_MAX) this.#clear();
    this.#routes.set(label, route);
    const labels = this.#labelsOf.get(route.device.id);
    if (labels === undefined) this.#labelsOf.set(route.device.id, [label]);
    else labels.push(label);
  }

  #clear(): void {
    this.#routes.clear();
    this.#labelsOf.clear();
    this.#nowhere.clear();
  }

  #onEvent(event: RelayEvent): void {
    if (event.type === 'account-removed') {
      this.#version += 1;
      this.#clear();
    }
    if (event.type !== 'device-changed' && event.type !== 'device-removed') return;
    this.#version += 1;
    // Names that led nowhere may lead somewhere now.
    this.#nowhere.clear();
    for (const label of this.#labelsOf.get(event.deviceId) ?? []) this.#routes.delete(label);
    this.#labelsOf.delete(event.deviceId);
  }
}
