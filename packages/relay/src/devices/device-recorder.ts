import type { PorchlightError } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events.ts';
import type { Link, LinkListener } from '../links/index.ts';
import type { DeviceStore, LinkFacts, ServiceFacts } from './device-store.ts';
import type { HealthSample, HealthStore, LinkEvent } from './health-store.ts';

/** What happened is written in batches: nobody waits for it, and a database dislikes a write for each heartbeat. */
const FLUSH_MS = 5_000;
/** Traffic and round trips of links that stay up are taken so often, */
const SAMPLE_MS = 60_000;
/** and kept in intervals of this length. */
const SAMPLE_INTERVAL_MS = 5 * 60_000;
/** History older than this is not kept. */
const HISTORY_MS = 31 * 24 * 3600_000;
const PRUNE_MS = 3600_000;
/** Events and samples, each, that wait for a database that does not answer; the oldest go first. */
const WAITING_MAX = 100_000;

interface Measured {
  bytesIn: number;
  bytesOut: number;
  rttSum: number;
  rttCount: number;
  rttAt: number | undefined;
}

/** Writes down what links and services do: when up, when down and why, round trips, bytes, last answers. */
export class DeviceRecorder implements LinkListener {
  readonly #devices: Pick<DeviceStore, 'record'>;
  readonly #health: HealthStore;
  readonly #events: EventBus;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #measured = new Map<Link, Measured>();
  readonly #linked = new Set<string>();
  /** Devices that are up because they call home in time; a link that comes and goes changes nothing about that. */
  readonly #calling = new Set<string>();
  readonly #downSince = new Map<string, { at: number; reason: string }>();
  #linkFacts = new Map<string, LinkFacts>();
  #serviceFacts = new Map<string, ServiceFacts>();
  #linkEvents: LinkEvent[] = [];
  #samples: HealthSample[] = [];
  #writing: Promise<void> = Promise.resolve();
  /** When this run of the relay began, ms since 1970: the history knows it by that. */
  readonly startedAt: number;
  readonly #cancel: (() => void)[];

  constructor(parts: {
    devices: Pick<DeviceStore, 'record'>;
    health: HealthStore;
    events: EventBus;
    clock: Clock;
    onError: (error: unknown) => void;
  }) {
    this.#devices = parts.devices;
    this.#health = parts.health;
    this.#events = parts.events;
    this.#clock = parts.clock;
    this.#onError = parts.onError;
    this.startedAt = parts.clock.now();
    this.#cancel = [
      parts.clock.every(FLUSH_MS, () => void this.flush()),
      parts.clock.every(SAMPLE_MS, () => this.#sampleAll()),
      parts.clock.every(PRUNE_MS, () => void this.#prune()),
    ];
  }

  up(link: Link): void {
    const now = this.#clock.now();
    this.#measured.set(link, { bytesIn: 0, bytesOut: 0, rttSum: 0, rttCount: 0, rttAt: undefined });
    this.#linked.add(link.deviceId);
    this.#downSince.delete(link.deviceId);
    if (!this.#calling.has(link.deviceId)) {
      this.#linkEvents.push({ deviceId: link.deviceId, at: now, state: 'up' });
    }
    this.#addLinkFacts({
      deviceId: link.deviceId,
      lastUpAt: now,
      lastAddress: link.address,
      agent: link.agent,
    });
    this.#publish(link);
  }

  changed(link: Link): void {
    const measured = this.#measured.get(link);
    if (measured !== undefined && link.rtt !== undefined && link.rtt.at !== measured.rttAt) {
      measured.rttAt = link.rtt.at;
      measured.rttSum += link.rtt.ms;
      measured.rttCount += 1;
    }
    this.#publish(link);
  }

  down(link: Link, reason: string): void {
    this.#sample(link);
    this.#measured.delete(link);
    this.#linked.delete(link.deviceId);
    if (!this.#calling.has(link.deviceId)) this.#isDown(link.deviceId, reason);
    this.#publish(link);
  }

  /** A device is up by its calls from now on; `resumed`: it has been since before the relay's restart. */
  callsUp({ id }: { readonly id: string }, { resumed }: { readonly resumed: boolean }): void {
    this.#calling.add(id);
    if (this.#linked.has(id)) return;
    const now = this.#clock.now();
    this.#downSince.delete(id);
    this.#linkEvents.push({ deviceId: id, at: now, state: 'up' });
    if (!resumed) this.#addLinkFacts({ deviceId: id, lastUpAt: now });
  }

  callsDown({ id }: { readonly id: string }, reason: string): void {
    this.#calling.delete(id);
    if (!this.#linked.has(id)) this.#isDown(id, reason);
  }

  noteCall(
    { id }: { readonly id: string },
    call: {
      readonly at: number;
      readonly address: string;
      readonly software: string;
      readonly learned: number | undefined;
    },
  ): void {
    this.#addLinkFacts({
      ...{ deviceId: id, calledAt: call.at, lastAddress: call.address, agent: call.software },
      ...(call.learned !== undefined && { callIntervalLearned: call.learned }),
    });
  }

  /** Bytes of a call that is over. */
  addCallBytes(deviceId: string, bytes: { readonly in: number; readonly out: number }): void {
    const of = { bytesIn: bytes.in, bytesOut: bytes.out };
    this.#samples.push({ deviceId, at: intervalOf(this.#clock.now()), rtt: undefined, ...of });
    this.#addLinkFacts({ deviceId, ...of });
  }

  /** A service answered (`error` undefined), or did not. */
  noteService(
    device: { readonly id: string; readonly accountId: string },
    service: string,
    error: PorchlightError | undefined,
  ): void {
    const key = `${device.id} ${service}`;
    const there = this.#serviceFacts.get(key);
    const now = this.#clock.now();
    const news =
      error === undefined
        ? { lastSuccessAt: now }
        : { lastFailureAt: now, lastFailure: error.message.slice(0, 200) };
    this.#serviceFacts.set(key, { ...(there ?? { deviceId: device.id, service }), ...news });
  }

  /** When the device's link went down, if that was during this run of the relay. */
  downSince(deviceId: string): { readonly at: number; readonly reason: string } | undefined {
    return this.#downSince.get(deviceId);
  }

  /** Bytes of a link that are not yet in the store. */
  unwrittenBytes(link: Link): { in: number; out: number } {
    const measured = this.#measured.get(link);
    const waiting = this.#linkFacts.get(link.deviceId);
    return {
      in: link.bytesIn - (measured?.bytesIn ?? 0) + (waiting?.bytesIn ?? 0),
      out: link.bytesOut - (measured?.bytesOut ?? 0) + (waiting?.bytesOut ?? 0),
    };
  }

  /** Forgets what is in memory of a device that was removed. */
  forget(deviceId: string): void {
    this.#downSince.delete(deviceId);
    this.#calling.delete(deviceId);
  }

  /** Writes what waits; never rejects. What the database refuses waits for the next time. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async close(): Promise<void> {
    for (const cancel of this.#cancel) cancel();
    this.#sampleAll();
    await this.flush();
  }

  #isDown(deviceId: string, reason: string): void {
    const now = this.#clock.now();
    this.#downSince.set(deviceId, { at: now, reason });
    this.#linkEvents.push({ deviceId, at: now, state: 'down' });
    this.#addLinkFacts({ deviceId, lastDownAt: now, lastDownReason: reason });
  }

  async #write(): Promise<void> {
    const links = [...this.#linkFacts.values()];
    const services = [...this.#serviceFacts.values()];
    const events = this.#linkEvents;
    const samples = this.#samples;
    this.#linkFacts = new Map();
    this.#serviceFacts = new Map();
    this.#linkEvents = [];
    this.#samples = [];
    await this.#try(
      async () => {
        if (links.length > 0 || services.length > 0) await this.#devices.record(links, services);
      },
      () => this.#takeBackFacts(links, services),
    );
    await this.#try(
      async () => {
        if (events.length > 0 || samples.length > 0) await this.#health.record(events, samples);
      },
      () => {
        this.#linkEvents = [...events, ...this.#linkEvents].slice(-WAITING_MAX);
        this.#samples = [...samples, ...this.#samples].slice(-WAITING_MAX);
      },
    );
    await this.#try(
      () => this.#health.recordRun({ from: this.startedAt, to: this.#clock.now() }),
      () => undefined,
    );
  }

  async #try(write: () => Promise<void>, takeBack: () => void): Promise<void> {
    try {
      await write();
    } catch (error) {
      takeBack();
      this.#onError(error);
    }
  }

  /** What was not written goes below what has come since. */
  #takeBackFacts(links: readonly LinkFacts[], services: readonly ServiceFacts[]): void {
    for (const old of links) {
      const since = this.#linkFacts.get(old.deviceId);
      this.#linkFacts.delete(old.deviceId);
      this.#addLinkFacts(old);
      if (since !== undefined) this.#addLinkFacts(since);
    }
    for (const old of services) {
      const key = `${old.deviceId} ${old.service}`;
      this.#serviceFacts.set(key, { ...old, ...this.#serviceFacts.get(key) });
    }
  }

  #sampleAll(): void {
    for (const link of this.#measured.keys()) this.#sample(link);
  }

  #sample(link: Link): void {
    const measured = this.#measured.get(link);
    if (measured === undefined) return;
    const bytesIn = link.bytesIn - measured.bytesIn;
    const bytesOut = link.bytesOut - measured.bytesOut;
    const rtt = measured.rttCount === 0 ? undefined : measured.rttSum / measured.rttCount;
    const { deviceId } = link;
    this.#samples.push({ deviceId, at: intervalOf(this.#clock.now()), rtt, bytesIn, bytesOut });
    this.#addLinkFacts({ deviceId, bytesIn, bytesOut });
    Object.assign(measured, { bytesIn: link.bytesIn, bytesOut: link.bytesOut, rttSum: 0, rttCount: 0 });
  }

  #addLinkFacts(facts: LinkFacts): void {
    const there = this.#linkFacts.get(facts.deviceId);
    this.#linkFacts.set(facts.deviceId, {
      ...there,
      ...facts,
      bytesIn: (there?.bytesIn ?? 0) + (facts.bytesIn ?? 0),
      bytesOut: (there?.bytesOut ?? 0) + (facts.bytesOut ?? 0),
    });
  }

  #publish(link: Link): void {
    this.#events.publish({ type: 'link-changed', accountId: link.accountId, deviceId: link.deviceId });
  }

  async #prune(): Promise<void> {
    try {
      await this.#health.prune(this.#clock.now() - HISTORY_MS);
    } catch (error) {
      this.#onError(error);
    }
  }
}

/** Start of the sample interval that a time falls into. */
function intervalOf(at: number): number {
  return at - (at % SAMPLE_INTERVAL_MS);
}
