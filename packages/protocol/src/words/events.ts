import type { Device, LiveEvent } from '../api/index.ts';
import { statusOf } from './device.ts';

/** Puts live events into words, and leaves out those that people would not notice. */
export class EventWords {
  readonly #known = new Map<string, { readonly name: string; readonly status: string }>();

  /** @param devices as they are before the first event */
  constructor(devices: Iterable<Device>) {
    for (const device of devices) this.#known.set(device.id, { name: device.name, status: statusOf(device) });
  }

  /** What an event says to people, not yet fit for a terminal; undefined when nothing has changed for them. */
  say(event: LiveEvent): string | undefined {
    switch (event.type) {
      case 'device':
        return this.#change(event.device);
      case 'device-removed': {
        const before = this.#known.get(event.id);
        this.#known.delete(event.id);
        return `${before?.name ?? event.id} was removed`;
      }
      case 'join-request': {
        const { code, name, address } = event.request;
        return `${name} asks to be let in from ${address}: code ${code}`;
      }
      case 'join-request-ended':
        return `a join request was ${event.outcome}`;
      default:
        return undefined;
    }
  }

  #change(device: Device): string | undefined {
    const before = this.#known.get(device.id);
    const now = { name: device.name, status: statusOf(device) };
    this.#known.set(device.id, now);
    if (before === undefined) return `${now.name} is new (${now.status})`;
    if (before.name !== now.name) return `${before.name} is called ${now.name} now`;
    if (before.status === now.status) return undefined;
    const why = device.link.up ? (device.link.address ?? '') : (device.link.reason ?? '');
    return `${now.name} is ${now.status}${why === '' ? '' : ` (${why})`}`;
  }
}
