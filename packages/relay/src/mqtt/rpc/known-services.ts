import type { DeviceStore } from '../../devices/index.ts';
import type { EventBus } from '../../events.ts';
import type { Link, LinkTable } from '../../links/index.ts';
import { ServiceMemory } from '../../ssh/index.ts';
import type { Logger } from '../../telemetry/index.ts';

export interface KnownServicesParts {
  readonly devices: Pick<DeviceStore, 'addServices' | 'byId'>;
  readonly links: LinkTable;
  readonly events: EventBus;
  readonly logger: Logger;
}

/** Keeps what devices announce over MQTT in their records. */
export class KnownServices {
  readonly #parts: KnownServicesParts;
  /** Undefined: the device's record is being read. */
  readonly #memories = new WeakMap<Link, ServiceMemory | undefined>();

  constructor(parts: KnownServicesParts) {
    this.#parts = parts;
  }

  /** What the link offers has changed. */
  note(link: Link): void {
    this.#parts.links.changed(link);
    const memory = this.#memories.get(link);
    if (memory !== undefined) return memory.note(link);
    if (this.#memories.has(link)) return;
    this.#memories.set(link, undefined);
    this.#read(link).catch((error: unknown) => {
      this.#memories.delete(link);
      this.#parts.logger.error({ error, device: link.deviceName }, 'services not kept');
    });
  }

  async #read(link: Link): Promise<void> {
    const device = await this.#parts.devices.byId(link.accountId, link.deviceId);
    const memory = new ServiceMemory(this.#parts, device ?? { services: [] });
    this.#memories.set(link, memory);
    memory.note(link);
  }
}
