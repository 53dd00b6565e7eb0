import { type Fetch, type Resource, type ResourceOptions, resource } from '../resource/index.ts';

/**
 * The API of a Hue bridge for one registered user, used in one way wherever the bridge is:
 * `await bridge.lights[1].state({ on: true })`. An error list of the bridge raises ResourceError.
 */
export interface Bridge extends Resource {
  readonly lights: Resource;
  readonly groups: Resource;
  readonly config: Resource;
  readonly scenes: Resource;
  readonly schedules: Resource;
  readonly sensors: Resource;
  readonly rules: Resource;
  readonly resourcelinks: Resource;
  readonly capabilities: Resource;
}

/**
 * Where a bridge answers itself: its name or address on the LAN, a URL, or the `fetch` of a device's service through
 * Porchlight.
 */
export type BridgeAddress = string | URL | Fetch;

/** A `fetch` of your own, and headers such as `authorization` for an address at a relay. */
export type LocalOptions = Pick<ResourceOptions, 'fetch' | 'headers'>;

/** A bridge that is asked directly. `user` is its name for this program: see {@link createLocalUser}. */
export function localBridge(address: BridgeAddress, user: string, options: LocalOptions = {}): Bridge {
  return localApi(address, options)[user];
}

/** `/api` of a bridge, before anybody is registered. @throws TypeError for an address that is none */
export function localApi(address: BridgeAddress, options: LocalOptions = {}): Resource {
  if (typeof address === 'function') return resource('/api', { ...options, fetch: address });
  const text = String(address);
  const base = /^https?:\/\//i.test(text) ? text : `http://${text}`;
  return resource(base, options)['api'];
}
