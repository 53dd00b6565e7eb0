import type { RequestPath } from '@porchlight/protocol';
import { isWebService } from '@porchlight/protocol';
import type { Clock } from '../../clock.ts';
import type { DeviceStore } from '../../devices/index.ts';
import type { EventBus, RelayEvent } from '../../events.ts';
import type { Route } from '../routes.ts';
import type { PathRouteStore } from './path-route-store.ts';
import { prefixesOf } from './prefix-path.ts';

/** Prefixes kept in memory, and as many that lead nowhere; with more than that each starts anew. */
const PREFIXES_MAX = 20_000;
/** A prefix is looked up again after so long, so that what a command on the server changed holds here too. */
const LIFE_MS = 30_000;

/** A route that was found by its path. */
export interface PathRoute extends Route {
  readonly prefix: string;
  readonly strip: boolean;
}

interface Kept {
  /** Undefined: the prefix leads nowhere. */
  readonly route: PathRoute | undefined;
  /** Monotonic ms. */
  readonly until: number;
}

/** Finds the route of a path: the longest published prefix, by whole segments; from memory when nothing has changed. */
export class PathTable {
  readonly #store: Pick<PathRouteStore, 'byPrefixes'>;
  readonly #devices: Pick<DeviceStore, 'byId'>;
  readonly #clock: Clock;
  readonly #known = new Map<string, Kept>();
  readonly #nowhere = new Map<string, Kept>();
  readonly #unsubscribe: () => void;
  /** Counts changes: a lookup that was under way during one is not kept. */
  #version = 0;

  constructor(parts: {
    store: Pick<PathRouteStore, 'byPrefixes'>;
    devices: Pick<DeviceStore, 'byId'>;
    events: EventBus;
    clock: Clock;
  }) {
    this.#store = parts.store;
    this.#devices = parts.devices;
    this.#clock = parts.clock;
    this.#unsubscribe = parts.events.subscribe((event) => this.#onEvent(event));
  }

  /** The route, at once, when all of its prefixes are in memory; undefined: ask `resolve`. */
  cached(path: RequestPath): PathRoute | undefined {
    for (const prefix of prefixesOf(path)) {
      const kept = this.#fresh(prefix);
      if (kept === undefined) return undefined;
      if (kept.route !== undefined) return kept.route;
    }
    return undefined;
  }

  async resolve(path: RequestPath): Promise<PathRoute | undefined> {
    const prefixes = prefixesOf(path);
    const unknown = prefixes.filter((prefix) => this.#fresh(prefix) === undefined);
    const found = unknown.length === 0 ? new Map<string, Kept>() : await this.#lookUp(unknown);
    for (const prefix of prefixes) {
      const route = (found.get(prefix) ?? this.#fresh(prefix))?.route;
      if (route !== undefined) return route;
    }
    return undefined;
  }

  close(): void {
    this.#unsubscribe();
    this.#clear();
  }

  async #lookUp(prefixes: readonly string[]): Promise<Map<string, Kept>> {
    const version = this.#version;
    const until = this.#clock.monotonic() + LIFE_MS;
    const records = await this.#store.byPrefixes(prefixes);
    const routes = await Promise.all(
      records.map(async ({ prefix, strip, accountId, deviceId, service: name }) => {
        const device = await this.#devices.byId(accountId, deviceId);
        const service = device?.services.find((one) => one.name === name && isWebService(one));
        return device === undefined || service === undefined ? undefined : { device, service, prefix, strip };
      }),
    );
    const found = new Map<string, Kept>();
    for (const prefix of prefixes) {
      const kept = { route: routes.find((route) => route?.prefix === prefix), until };
      found.set(prefix, kept);
      if (version === this.#version) this.#keep(prefix, kept);
    }
    return found;
  }

  #fresh(prefix: string): Kept | undefined {
    const kept = this.#known.get(prefix) ?? this.#nowhere.get(prefix);
    return kept !== undefined && kept.until > this.#clock.monotonic() ? kept : undefined;
  }

  #keep(prefix: string, kept: Kept): void {
    const [into, other] =
      kept.route === undefined ? [this.#nowhere, this.#known] : [this.#known, this.#nowhere];
    other.delete(prefix);
    // Rubbish must not push out real prefixes.
    if (into.size >= PREFIXES_MAX) into.clear();
    into.set(prefix, kept);
  }

  #clear(): void {
    this.#version += 1;
    this.#known.clear();
    this.#nowhere.clear();
  }

  #onEvent(event: RelayEvent): void {
    if (event.type === 'account-removed') return this.#clear();
    if (event.type !== 'device-changed' && event.type !== 'device-removed') return;
    this.#version += 1;
    // Prefixes that led nowhere may lead somewhere now.
    this.#nowhere.clear();
    for (const [prefix, { route }] of this.#known) {
      if (route?.device.id === event.deviceId) this.#known.delete(prefix);
    }
  }
}
