import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../log/index.ts';
import { BEACON_GROUP, BEACON_PORT, type Beacon, encodeBeacon } from './beacon.ts';
import type { BeaconSequence } from './beacon-sequence.ts';
import { sendToAll } from './datagrams.ts';
import type { LanInterface } from './interfaces.ts';

/** A device that has lost the base station waits no longer than this. */
const EVERY_MS = 30_000;
/** However often addresses change. */
const GAP_MS = 2_000;

export interface BeaconSenderParts {
  readonly identity: KeyObject;
  readonly sequence: BeaconSequence;
  readonly ports: Pick<Beacon, 'http' | 'mqtt' | 'mqtts'>;
  readonly clock: Clock;
  readonly logger: Logger;
  interfaces(): readonly LanInterface[];
}

/** Says where the base station is, from each of its IPv4 addresses. */
export class BeaconSender {
  readonly #parts: BeaconSenderParts;
  #sentAt: number | undefined;
  #cancel: (() => void) | undefined;
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: BeaconSenderParts) {
    this.#parts = parts;
  }

  /** Now, as far as it was not just now; then every 30 s. */
  send(): void {
    if (this.#closed) return;
    this.#cancel?.();
    const { clock, logger } = this.#parts;
    const now = clock.monotonic();
    const wait = this.#sentAt === undefined ? 0 : this.#sentAt + GAP_MS - now;
    if (wait > 0) {
      this.#cancel = clock.after(wait, () => this.send());
      return;
    }
    this.#sentAt = now;
    this.#last = this.#last
      .then(() => this.#sendAll())
      .catch((error: unknown) => logger.error({ error }, 'no beacon could be sent'));
    this.#cancel = clock.after(EVERY_MS, () => this.send());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#last;
  }

  async #sendAll(): Promise<void> {
    const { identity, sequence, ports, clock, logger, interfaces } = this.#parts;
    for (const { name, ipv4 } of interfaces()) {
      for (const place of ipv4) {
        const number = await sequence.next();
        const facts = { ...ports, address: place.address, sequence: number, time: clock.now() };
        const bytes = encodeBeacon(facts, identity);
        const failed = await sendToAll(place, BEACON_PORT, bytes, BEACON_GROUP);
        if (failed.length > 0) logger.debug({ name, failed }, 'beacon not sent everywhere');
      }
    }
  }
}
