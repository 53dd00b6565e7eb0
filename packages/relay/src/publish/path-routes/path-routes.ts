import { isPathPrefix, isWebService, PorchlightError, prefixSegments } from '@porchlight/protocol';
import type { Role } from '@porchlight/protocol/api';
import type { Audit } from '../../audit/index.ts';
import type { Clock } from '../../clock.ts';
import type { DeviceStore } from '../../devices/index.ts';
import type { EventBus } from '../../events.ts';
import { newId } from '../../secrets.ts';
import type { PathRouteRecord, PathRouteStore } from './path-route-store.ts';
import { isReservedSegment } from './reserved.ts';

/** First segments that one account may hold, for each path route that it may have. */
const SEGMENTS_PER_ROUTE = 2;

/** Who changes path routes. */
export interface PathRouteChanger {
  readonly accountId: string;
  readonly accountName: string;
  readonly role: Role;
  readonly address: string | undefined;
}

/** Makes, changes and removes path routes; writes the audit entries and tells the event bus. */
export class PathRoutes {
  readonly #store: PathRouteStore;
  readonly #devices: Pick<DeviceStore, 'byId'>;
  readonly #audit: Audit;
  readonly #events: EventBus;
  readonly #clock: Clock;
  readonly #perAccount: number;
  /** False: nothing is served under a path at this relay. */
  readonly #served: boolean;
  readonly #forMembers: boolean;

  constructor(parts: {
    store: PathRouteStore;
    devices: Pick<DeviceStore, 'byId'>;
    audit: Audit;
    events: EventBus;
    clock: Clock;
    perAccount: number;
    served: boolean;
    forMembers: boolean;
  }) {
    this.#store = parts.store;
    this.#devices = parts.devices;
    this.#audit = parts.audit;
    this.#events = parts.events;
    this.#clock = parts.clock;
    this.#perAccount = parts.perAccount;
    this.#served = parts.served;
    this.#forMembers = parts.forMembers;
  }

  /** The account's path route of that id. @throws PorchlightError `not_found` */
  async byId(accountId: string, id: string): Promise<PathRouteRecord> {
    const route = await this.#store.byId(accountId, id);
    if (route === undefined) throw new PorchlightError('not_found', 'There is no such path route');
    return route;
  }

  ofDevices(accountId: string, deviceIds: readonly string[]): Promise<PathRouteRecord[]> {
    return deviceIds.length === 0 ? Promise.resolve([]) : this.#store.ofDevices(accountId, deviceIds);
  }

  /**
   * Publishes an `http` service of the account under a path.
   * @throws PorchlightError `forbidden` (a member, where only admins may), `bad_request` (the prefix, the service's kind, paths are off), `name_taken`, `conflict`
   * (too many), `not_found`
   */
  async add(
    by: PathRouteChanger,
    wish: { deviceId: string; service: string; prefix: string; strip: boolean },
  ): Promise<PathRouteRecord> {
    const { accountId } = by;
    this.checkPrefix(wish.prefix);
    if (by.role !== 'admin' && !this.#forMembers) {
      throw new PorchlightError(
        'forbidden',
        'Only admins of this relay publish under paths, for all of them share one origin (paths.insecureForMembers)',
      );
    }
    const device = await this.#devices.byId(accountId, wish.deviceId);
    const service = device?.services.find(({ name }) => name === wish.service);
    if (service === undefined) throw new PorchlightError('not_found', 'The device has no such service');
    if (!isWebService(service)) {
      throw new PorchlightError('bad_request', 'Only an "http" service can be published under a path');
    }
    if ((await this.#store.count(accountId)) >= this.#perAccount) {
      throw new PorchlightError('conflict', `An account has ${this.#perAccount} path routes at most`);
    }
    const { deviceId, prefix, strip } = wish;
    const record = { id: newId(), accountId, deviceId, service: service.name, prefix, strip };
    const route: PathRouteRecord = { ...record, createdAt: this.#clock.now() };
    await this.#store.insert(route, this.#perAccount * SEGMENTS_PER_ROUTE);
    await this.#tell(by, 'path-route.added', route);
    return route;
  }

  /** @throws PorchlightError `not_found` */
  async setStrip(by: PathRouteChanger, id: string, strip: boolean): Promise<PathRouteRecord> {
    const route = await this.byId(by.accountId, id);
    if (route.strip === strip) return route;
    await this.#store.setStrip(by.accountId, id, strip);
    const changed = { ...route, strip };
    await this.#tell(by, 'path-route.changed', changed);
    return changed;
  }

  /** The prefix stays the account's. @throws PorchlightError `not_found` */
  async remove(by: PathRouteChanger, id: string): Promise<void> {
    const route = await this.byId(by.accountId, id);
    await this.#store.remove(by.accountId, id);
    await this.#tell(by, 'path-route.removed', route);
  }

  /** @throws PorchlightError `bad_request`: what is wrong with a prefix, or that none is served */
  checkPrefix(prefix: string): void {
    if (!this.#served) {
      throw new PorchlightError(
        'bad_request',
        'This relay serves no path routes: its owner set paths.host to "off"',
      );
    }
    if (!isPathPrefix(prefix)) {
      throw new PorchlightError(
        'bad_request',
        'A prefix is a slash and one to four segments of letters, digits and . _ ~ -, such as /zumi01',
      );
    }
    const [first = ''] = prefixSegments(prefix);
    if (isReservedSegment(first)) {
      throw new PorchlightError('bad_request', `/${first} is a path of the console: choose another prefix`);
    }
  }

  async #tell(
    by: PathRouteChanger,
    action: 'path-route.added' | 'path-route.changed' | 'path-route.removed',
    route: PathRouteRecord,
  ): Promise<void> {
    const { accountId, deviceId, service, prefix, strip } = route;
    this.#events.publish({ type: 'device-changed', accountId, deviceId });
    const device = await this.#devices.byId(accountId, deviceId);
    this.#audit.append({
      accountId,
      at: this.#clock.now(),
      actor: by.accountName,
      action,
      deviceId,
      target: `${service} of ${device?.name ?? 'a removed device'}`,
      address: by.address,
      detail: { prefix, path: strip ? 'prefix removed' : 'unchanged' },
    });
  }
}
