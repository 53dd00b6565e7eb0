import type { AnnouncedService } from '@porchlight/protocol';
import type { DeviceRecord, DeviceStore } from '../devices/index.ts';
import type { EventBus } from '../events.ts';
import type { Link, LinkTable } from '../links/index.ts';
import type { Logger } from '../telemetry/index.ts';

/**
 * Keeps what a device offers in its record, one write at a time and only when it is news: a device that comes back
 * with what it had, as thousands do after a restart of the relay, costs no write.
 */
export class ServiceMemory {
  readonly #parts: {
    readonly devices: Pick<DeviceStore, 'addServices'>;
    readonly links: LinkTable;
    readonly events: EventBus;
    readonly logger: Logger;
  };
  readonly #known = new Map<string, string>();
  #writing = false;

  constructor(
    parts: {
      readonly devices: Pick<DeviceStore, 'addServices'>;
      readonly links: LinkTable;
      readonly events: EventBus;
      readonly logger: Logger;
    },
    device: Pick<DeviceRecord, 'services'>,
  ) {
    this.#parts = parts;
    for (const { name, kind } of device.services) this.#known.set(name, kind);
  }

  /** What the link offers has changed. */
  note(link: Link): void {
    this.#parts.links.changed(link);
    if (!this.#writing && this.#news(link).length > 0) void this.#write(link);
  }

  async #write(link: Link): Promise<void> {
    const { devices, events, links, logger } = this.#parts;
    this.#writing = true;
    try {
      for (let news = this.#news(link); news.length > 0; news = this.#news(link)) {
        for (const { name, kind } of news) this.#known.set(name, kind);
        await devices.addServices(link.deviceId, link.services);
        events.publish({ type: 'device-changed', accountId: link.accountId, deviceId: link.deviceId });
        links.changed(link);
      }
    } catch (error) {
      this.#known.clear();
      logger.error({ error, device: link.deviceName }, 'services not kept');
    } finally {
      this.#writing = false;
    }
  }

  #news(link: Link): AnnouncedService[] {
    return link.services.filter(({ name, kind }) => this.#known.get(name) !== kind);
  }
}
