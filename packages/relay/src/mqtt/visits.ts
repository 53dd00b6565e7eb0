import type { CallHome } from '../call-home/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceRecord } from '../devices/index.ts';
import { type MqttConnection, type MqttMessage, type MqttWatcher, SIGNED_OFF } from './mqtt-connection.ts';

/** Who has gone within this time has been on a visit: a sensor that wakes, publishes and sleeps needs a few seconds. */
export const VISIT_MS = 30_000;

export interface MqttVisitsParts {
  /** Makes links of the connections that stay. */
  readonly links: Required<Pick<MqttWatcher, 'up' | 'down' | 'message'>>;
  readonly calls: Pick<CallHome, 'isCaller' | 'contact' | 'count'>;
  readonly devices: { byId(accountId: string, id: string): Promise<DeviceRecord | undefined> };
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

interface Visit {
  readonly accountId: string;
  readonly deviceId: string;
  /** When it came, by the clock that only goes forward. */
  readonly at: number;
  /** It counts as a link; else it is held back, until `stays` is called. */
  linked: boolean;
  published: boolean;
  /** It has spoken of services: somebody may want to reach it. */
  serves: boolean;
  cancel: () => void;
}

/**
 * Devices that connect, publish and leave, such as sensors on a battery, call home: they are up as long as they come in
 * time, and their visits are no links. A device is taken for one when it has published, signed off within half a minute
 * (or a person has set its interval) and left no other connection; from then on a connection becomes a link only when
 * it stays longer, or offers services.
 */
export class MqttVisits implements MqttWatcher {
  readonly #parts: MqttVisitsParts;
  readonly #visits = new Map<MqttConnection, Visit>();
  /** Connections of each device that count as its link. */
  readonly #linked = new Map<string, number>();

  constructor(parts: MqttVisitsParts) {
    this.#parts = parts;
  }

  up(connection: MqttConnection): void {
    const { calls, clock, links } = this.#parts;
    const { kind, accountId, deviceId } = connection.identity;
    if (kind !== 'device' || accountId === undefined || deviceId === undefined) return links.up(connection);
    const visit: Visit = {
      ...{ accountId, deviceId, at: clock.monotonic(), linked: false, published: false, serves: false },
      cancel: () => undefined,
    };
    this.#visits.set(connection, visit);
    if (!calls.isCaller(deviceId) || this.#linked.has(deviceId)) return this.#stays(connection, visit);
    visit.cancel = clock.after(VISIT_MS, () => this.#stays(connection, visit));
    this.#contact(connection, visit, true).catch(this.#parts.onError);
  }

  message(connection: MqttConnection, message: MqttMessage): void {
    const visit = this.#visits.get(connection);
    if (visit !== undefined) {
      visit.published = true;
      visit.serves ||= connection.identity.prefixes.some((own) => message.topic.startsWith(`${own}rpc/`));
      if (visit.serves) this.#stays(connection, visit);
    }
    this.#parts.links.message(connection, message);
  }

  down(connection: MqttConnection, reason: string): void {
    const { calls, links } = this.#parts;
    const visit = this.#visits.get(connection);
    if (visit === undefined) return links.down(connection, reason);
    this.#visits.delete(connection);
    visit.cancel();
    const { accountId, deviceId, linked } = visit;
    if (!linked) {
      return calls.count({ id: deviceId, accountId }, { in: connection.bytesIn, out: connection.bytesOut });
    }
    const left = (this.#linked.get(deviceId) ?? 1) - 1;
    if (left > 0) this.#linked.set(deviceId, left);
    else this.#linked.delete(deviceId);
    if (left > 0 || !this.#wasVisit(visit)) return links.down(connection, reason);
    // Before its link goes down, so that the history goes on without a gap.
    this.#contact(connection, visit, reason === SIGNED_OFF).then(
      () => links.down(connection, reason),
      (error: unknown) => {
        links.down(connection, reason);
        this.#parts.onError(error);
      },
    );
  }

  #wasVisit({ at, published, serves }: Visit): boolean {
    return this.#parts.clock.monotonic() - at < VISIT_MS && published && !serves;
  }

  #stays(connection: MqttConnection, visit: Visit): void {
    if (visit.linked) return;
    visit.cancel();
    visit.linked = true;
    this.#linked.set(visit.deviceId, (this.#linked.get(visit.deviceId) ?? 0) + 1);
    this.#parts.links.up(connection);
  }

  /** @param surely it means to come again: it has signed off, or has come again already */
  async #contact(connection: MqttConnection, { accountId, deviceId }: Visit, surely: boolean): Promise<void> {
    const device = await this.#parts.devices.byId(accountId, deviceId);
    if (device === undefined || device.blockedAt !== undefined) return;
    // One that goes to sleep without a word has to be known for it: a person has set its interval.
    if (!surely && device.callIntervalSet === undefined) return;
    this.#parts.calls.contact(device, { address: connection.address, software: MQTT_CLIENT });
  }
}

/** What is told of a device's software when it says nothing of it. */
const MQTT_CLIENT = 'MQTT client';
