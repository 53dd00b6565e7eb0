import { PorchlightError, toPathPrefix } from '@porchlight/protocol';
import type { AccountRecord } from './accounts/index.ts';
import type { Audit } from './audit/index.ts';
import type { Clock } from './clock.ts';
import type { DeviceStore } from './devices/index.ts';
import type { EventBus } from './events.ts';
import { type PathRouteRecord, type PathRouteStore, PathRoutes } from './publish/index.ts';

/** A path route as the command line shows it. */
export interface ListedPath {
  readonly prefix: string;
  readonly device: string;
  readonly service: string;
  readonly account: string;
  readonly strip: boolean;
  readonly createdAt: number;
}

/** The part of {@link openRelayData} that is about path routes. */
export function pathData(parts: {
  readonly stores: { readonly devices: DeviceStore; readonly pathRoutes: PathRouteStore };
  readonly audit: Audit;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly perAccount: number;
  readonly served: boolean;
  readonly actor: string;
  readonly address: string;
  accounts(): Promise<AccountRecord[]>;
}) {
  const { stores, actor, address } = parts;
  const routes = new PathRoutes({
    ...parts,
    store: stores.pathRoutes,
    devices: stores.devices,
    // Whoever has the server decides for the relay.
    forMembers: true,
  });
  const changer = (accountId: string) => ({ accountId, accountName: actor, role: 'admin', address }) as const;
  const prefixOf = (text: string): string => toPathPrefix(text) ?? text;

  const listed = async (route: PathRouteRecord, owners: readonly AccountRecord[]): Promise<ListedPath> => {
    const { prefix, service, strip, createdAt, accountId, deviceId } = route;
    const device = await stores.devices.byId(accountId, deviceId);
    const account = owners.find(({ id }) => id === accountId);
    return { prefix, device: device?.name ?? '', service, account: account?.name ?? '', strip, createdAt };
  };

  return {
    async list(): Promise<ListedPath[]> {
      const owners = await parts.accounts();
      const all = await stores.pathRoutes.all();
      return Promise.all(all.map((route) => listed(route, owners)));
    },
    /** @param target `DEVICE/SERVICE` */
    async add(target: string, path: string, strip: boolean): Promise<ListedPath> {
      const [name = '', service = '', ...more] = target.split('/');
      const device = more.length > 0 || service === '' ? undefined : await stores.devices.byName(name);
      if (device === undefined) {
        throw new PorchlightError('not_found', `there is no "${target}": give it as DEVICE/SERVICE`);
      }
      const wish = { deviceId: device.id, service, prefix: prefixOf(path), strip };
      return listed(await routes.add(changer(device.accountId), wish), await parts.accounts());
    },
    async remove(path: string): Promise<void> {
      const [route] = await stores.pathRoutes.byPrefixes([prefixOf(path)]);
      if (route === undefined) {
        throw new PorchlightError(
          'not_found',
          `nothing is published under ${prefixOf(path)}: porchlight relay path list shows what is`,
        );
      }
      await routes.remove(changer(route.accountId), route.id);
    },
  };
}
