import type { Device, JoinRequest, LiveEvent } from '../api/index.ts';
import { servicesOf, sinceOf, statusOf } from './device.ts';
import { printable, span, table } from './text.ts';

/** Devices that are kept for a live list; a screen has room for fewer. */
export const DEVICES_LISTED_MAX = 500;

/** A screen's. */
export interface ListSize {
  readonly columns: number;
  readonly rows: number;
}

/** The live list of devices and join requests, as events bring them; drawn as lines that fit a screen. */
export class DeviceList {
  readonly #devices = new Map<string, Device>();
  readonly #requests = new Map<string, JoinRequest>();

  /** What there was; events that came before are newer. */
  begin(devices: Iterable<Device>, requests: Iterable<JoinRequest>): void {
    for (const device of devices) if (!this.#devices.has(device.id)) this.#devices.set(device.id, device);
    for (const request of requests) this.#requests.set(request.id, request);
  }

  hear(event: LiveEvent): void {
    if (event.type === 'device') {
      if (this.#devices.has(event.device.id) || this.#devices.size < DEVICES_LISTED_MAX)
        this.#devices.set(event.device.id, event.device);
    } else if (event.type === 'device-removed') this.#devices.delete(event.id);
    else if (event.type === 'join-request') this.#requests.set(event.request.id, event.request);
    else if (event.type === 'join-request-ended') this.#requests.delete(event.id);
  }

  /** The list as lines that fit the screen: requests first, since somebody waits for an answer. */
  lines({ columns, rows }: ListSize, { now, foot }: { now: number; foot: string }): string[] {
    const cut = (line: string): string => (line.length < columns ? line : `${line.slice(0, columns - 2)}~`);
    const asking = this.#asking(now).slice(0, Math.max(1, Math.floor(rows / 3)));
    if (asking.length > 0) asking.push('');
    const sorted = [...this.#devices.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
    const up = sorted.filter(({ link }) => link.up);
    const head = `${sorted.length} device${sorted.length === 1 ? '' : 's'}, ${up.length} up`;
    const room = Math.max(1, rows - 1 - 2 - asking.length - 2);
    // Those that are not as they should be come first when not all have room.
    const shown =
      sorted.length <= room ? sorted : [...sorted.filter(({ link }) => !link.up), ...up].slice(0, room - 1);
    const body = table([
      ['NAME', 'STATUS', 'SINCE', 'SERVICES'],
      ...shown.map((one) => [one.name, statusOf(one), sinceOf(one, now), servicesOf(one)]),
    ]).split('\n');
    if (shown.length < sorted.length)
      body.push(`and ${sorted.length - shown.length} more: "devices" lists all`);
    return [...asking, head, ...body, '', foot].map((line) => cut(printable(line)));
  }

  #asking(now: number): string[] {
    return [...this.#requests.values()]
      .filter(({ expiresAt }) => expiresAt > now)
      .map(
        ({ code, name, address, expiresAt }) =>
          `${name} asks to be let in from ${address}, for ${span(expiresAt - now)} more: allow ${code}`,
      );
  }
}
