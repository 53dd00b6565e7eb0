import type { Clock } from '../../clock.ts';
import type { LanMessage } from '../broker/index.ts';
import { type Input, KeptInput } from './input.ts';
import { Sightings } from './sightings.ts';

/** Topics in all, and of one device or program; the one that was quiet longest is forgotten. */
const INPUTS_MAX = 1_000;
const INPUTS_OF_ONE_MAX = 100;
/** As many as there can be devices. */
const DEVICES_MAX = 500;
/** Text of one value that is looked at. */
const TEXT_BYTES_MAX = 256;

/** What the devices have said last, since the base station started. */
export class Inputs {
  readonly #clock: Clock;
  readonly #byTopic = new Map<string, KeptInput>();
  readonly #sightings = new Map<string, Sightings>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(message: Pick<LanMessage, 'who' | 'address' | 'clientId' | 'topic' | 'payload'>): void {
    const { who, topic, payload, address, clientId } = message;
    const device = who.kind === 'device' ? who.device.id : undefined;
    const now = this.#clock.monotonic();
    if (device !== undefined) this.#sightingsOf(device).note(address, clientId, now);
    const input = this.#byTopic.get(topic) ?? new KeptInput(topic);
    // The newest comes last.
    this.#byTopic.delete(topic);
    this.#byTopic.set(topic, input);
    input.device = device;
    input.note(payload.subarray(0, TEXT_BYTES_MAX).toString('utf8'), this.#clock.now(), now);
    this.#forget(device);
  }

  /** By topic. */
  list(): Input[] {
    const now = this.#clock.monotonic();
    const inputs = [...this.#byTopic.values()].map((input) => input.view(now));
    return inputs.sort((a, b) => (a.topic < b.topic ? -1 : 1));
  }

  /** How one device is. */
  ofDevice(id: string): { lastAt: number | undefined; silent: boolean; doubles: readonly string[] } {
    const now = this.#clock.monotonic();
    const inputs = [...this.#byTopic.values()]
      .filter(({ device }) => device === id)
      .map((input) => input.view(now));
    const lastAt = inputs.length === 0 ? undefined : Math.max(...inputs.map(({ at }) => at));
    const silent = inputs.length > 0 && inputs.every((input) => input.silent);
    return { lastAt, silent, doubles: this.#sightings.get(id)?.doubles(now) ?? [] };
  }

  #sightingsOf(device: string): Sightings {
    const sightings = this.#sightings.get(device) ?? new Sightings();
    this.#sightings.delete(device);
    this.#sightings.set(device, sightings);
    const [oldest] = this.#sightings.keys();
    if (this.#sightings.size > DEVICES_MAX && oldest !== undefined) this.#sightings.delete(oldest);
    return sightings;
  }

  #forget(device: string | undefined): void {
    const own = [...this.#byTopic.values()].filter((input) => input.device === device);
    const [oldest] = this.#byTopic.keys();
    if (own.length > INPUTS_OF_ONE_MAX) this.#byTopic.delete(own[0]?.topic ?? '');
    else if (this.#byTopic.size > INPUTS_MAX && oldest !== undefined) this.#byTopic.delete(oldest);
  }
}
