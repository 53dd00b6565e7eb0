import type { Device } from '../api/index.ts';
import { span } from './text.ts';

/** How a device is doing, in one word. */
export function statusOf({ blocked, link }: Device): string {
  if (blocked) return 'blocked';
  if (link.up) return link.paused ? 'paused' : link.callHome === undefined ? 'online' : 'calls home';
  return link.since === undefined ? 'never seen' : 'offline';
}

/** Since when, or when it is expected. */
export function sinceOf({ link }: Device, now: number): string {
  if (link.up && link.callHome !== undefined) return `last ${span(now - link.callHome.lastAt)} ago`;
  return link.since === undefined ? '' : span(now - link.since);
}

/** Names of the services that the device offers now, or did when it was last there. */
export function servicesOf(device: Device): string {
  return device.services
    .filter(({ offered }) => offered)
    .map(({ name, kind }) => `${name} (${kind})`)
    .join(', ');
}
