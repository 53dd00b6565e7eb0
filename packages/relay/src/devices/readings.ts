import type { Clock } from '../clock.ts';
import type { EventBus } from '../events.ts';
import { READING_NAMES_MAX, type Reading, type ReadingSample, type ReadingStore } from './reading-store.ts';

/** Written in batches, as what links do is: nobody waits for it. */
const FLUSH_MS = 5_000;
/** Numbers are kept as sum and count of intervals this long, */
const SAMPLE_INTERVAL_MS = 5 * 60_000;
/** for so long. */
const HISTORY_MS = 31 * 24 * 3600_000;
const PRUNE_MS = 3600_000;
/** Characters of a name and of a value; what is longer is cut. */
const NAME_MAX = 64;
const VALUE_MAX = 200;
/** Samples that wait for a database that does not answer; the oldest go first. */
const SAMPLES_WAITING_MAX = 100_000;
/** Larger numbers are shown, and not plotted: their sums would lose what they are made of. */
const NUMBER_MAX = 1e15;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;

interface Waiting {
  readonly accountId: string;
  readonly readings: Map<string, Reading>;
}

/** Takes what devices report of themselves, by whatever way it comes, and keeps last values and history. */
export class Readings {
  readonly #store: ReadingStore;
  readonly #events: EventBus;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #cancel: (() => void)[];
  #waiting = new Map<string, Waiting>();
  #samples = new Map<string, ReadingSample>();
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: {
    store: ReadingStore;
    events: EventBus;
    clock: Clock;
    onError: (error: unknown) => void;
  }) {
    this.#store = parts.store;
    this.#events = parts.events;
    this.#clock = parts.clock;
    this.#onError = parts.onError;
    this.#cancel = [
      parts.clock.every(FLUSH_MS, () => void this.flush()),
      parts.clock.every(PRUNE_MS, () => void this.#prune()),
    ];
  }

  /**
   * Notes what a device reported at `at`, ms since 1970. Names and values may be anything: of more than
   * {@link READING_NAMES_MAX} names the last ones are taken, what is too long is cut, a name without a visible
   * character is passed over. A value that is a decimal number is kept as history too.
   */
  note(
    device: { readonly id: string; readonly accountId: string },
    values: ReadonlyMap<string, string>,
    at: number,
  ): void {
    const readings: Reading[] = [];
    for (const [givenName, givenValue] of [...values].slice(-READING_NAMES_MAX)) {
      const name = visible(givenName, NAME_MAX);
      const value = visible(givenValue, VALUE_MAX);
      if (name === '') continue;
      readings.push({ deviceId: device.id, name, value, at });
      if (isPlottable(value)) {
        this.#addSample({ deviceId: device.id, name, at: intervalOf(at), sum: Number(value), count: 1 });
      }
    }
    this.#addReadings(device, readings);
  }

  /** What is known of a device, also what was noted just now; samples in `from ≤ at < to`. */
  async of(
    deviceId: string,
    from: number,
    to: number,
  ): Promise<{ readonly last: readonly Reading[]; readonly samples: readonly ReadingSample[] }> {
    if (this.#waiting.has(deviceId)) await this.flush();
    const [last, samples] = await Promise.all([
      this.#store.last(deviceId),
      this.#store.samples(deviceId, from, to),
    ]);
    return { last, samples };
  }

  /** Writes what waits, then tells of it; never rejects. What the database refuses waits for the next time. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async close(): Promise<void> {
    for (const cancel of this.#cancel) cancel();
    await this.flush();
  }

  async #write(): Promise<void> {
    const waiting = this.#waiting;
    const samples = this.#samples;
    if (waiting.size === 0 && samples.size === 0) return;
    this.#waiting = new Map();
    this.#samples = new Map();
    try {
      const readings = [...waiting.values()].flatMap((one) => [...one.readings.values()]);
      await this.#store.record(readings, [...samples.values()]);
    } catch (error) {
      this.#takeBack(waiting, samples);
      this.#onError(error);
      return;
    }
    for (const [deviceId, { accountId }] of waiting) {
      this.#events.publish({ type: 'readings-changed', accountId, deviceId });
    }
  }

  /** What was not written goes below what has come since. */
  #takeBack(waiting: ReadonlyMap<string, Waiting>, samples: ReadonlyMap<string, ReadingSample>): void {
    for (const [id, { accountId, readings }] of waiting) {
      const since = this.#waiting.get(id);
      this.#waiting.delete(id);
      this.#addReadings({ id, accountId }, readings.values());
      if (since !== undefined) this.#addReadings({ id, accountId }, since.readings.values());
    }
    const since = this.#samples;
    this.#samples = new Map(samples);
    for (const sample of since.values()) this.#addSample(sample);
  }

  #addReadings(device: { id: string; accountId: string }, readings: Iterable<Reading>): void {
    const there = this.#waiting.get(device.id) ?? { accountId: device.accountId, readings: new Map() };
    for (const reading of readings) {
      // Last reported, last in the map.
      there.readings.delete(reading.name);
      there.readings.set(reading.name, reading);
    }
    dropFirst(there.readings, READING_NAMES_MAX);
    if (there.readings.size > 0) this.#waiting.set(device.id, there);
  }

  #addSample(sample: ReadingSample): void {
    const key = JSON.stringify([sample.deviceId, sample.at, sample.name]);
    const there = this.#samples.get(key);
    this.#samples.set(key, {
      ...sample,
      sum: (there?.sum ?? 0) + sample.sum,
      count: (there?.count ?? 0) + sample.count,
    });
    dropFirst(this.#samples, SAMPLES_WAITING_MAX);
  }

  async #prune(): Promise<void> {
    try {
      await this.#store.prune(this.#clock.now() - HISTORY_MS);
    } catch (error) {
      this.#onError(error);
    }
  }
}

function dropFirst(map: Map<string, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}

/** One line without control characters, trimmed and cut. */
function visible(text: string, max: number): string {
  return text
    .slice(0, 2 * max)
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, max)
    .toWellFormed();
}

function isPlottable(value: string): boolean {
  return NUMBER.test(value) && Math.abs(Number(value)) <= NUMBER_MAX;
}

/** Start of the sample interval that a time falls into. */
function intervalOf(at: number): number {
  return at - (at % SAMPLE_INTERVAL_MS);
}
