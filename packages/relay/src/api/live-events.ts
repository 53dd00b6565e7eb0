import { PorchlightError } from '@porchlight/protocol';
import type { LiveEvent } from '@porchlight/protocol/api';
import { grantOf, type Identity, type Person, reaches } from '../access/index.ts';
import type { RelayEvent } from '../events.ts';
import type { ApiDeps } from './deps.ts';
import { deviceView } from './device-view.ts';
import { withinGrant } from './own-device.ts';
import { lanRequestsView } from './views.ts';

/** Comment lines this often; also how long a revocation made on another relay may go unnoticed. */
const BEAT_MS = 25_000;
/** One device is told of at most once in so long: twice a second. */
const DEVICE_MS = 500;
const STREAMS_MAX = 20;

/** Where live events go: a stream of HTTP, or somebody's terminal. */
export interface EventSink {
  /** @param key events of the same key may replace each other while they wait; undefined: each one counts */
  send(event: LiveEvent, key: string | undefined): void;
  /** Called now and then: the other end is still there, or is ended. */
  beat(): void;
  end(): void;
  /** True once it has ended, from either side. */
  readonly ended: boolean;
}

interface Listener {
  person: Person;
  readonly stream: EventSink;
  /** Asks again who it is, since that may have ended. */
  readonly identify: () => Promise<Identity>;
}

/** Brings the relay's events to the open event streams, each to the account it belongs to. */
export class LiveEvents {
  readonly #deps: Pick<
    ApiDeps,
    'baseStations' | 'devices' | 'forwards' | 'links' | 'callHomes' | 'relay' | 'events' | 'clock' | 'onError'
  >;
  readonly #listeners = new Map<string, Set<Listener>>();
  /** Devices told of within the last {@link DEVICE_MS}; true: they have changed again. */
  readonly #recent = new Map<string, { again: boolean; cancel: () => void }>();
  readonly #stop: (() => void)[];

  constructor(
    deps: Pick<
      ApiDeps,
      | 'baseStations'
      | 'devices'
      | 'forwards'
      | 'links'
      | 'callHomes'
      | 'relay'
      | 'events'
      | 'clock'
      | 'onError'
    >,
  ) {
    this.#deps = deps;
    this.#stop = [
      deps.events.subscribe((event) => this.#hear(event)),
      deps.clock.every(BEAT_MS, () => this.#beat()),
    ];
  }

  /** Streams that are open now. */
  get size(): number {
    return [...this.#listeners.values()].reduce((sum, streams) => sum + streams.size, 0);
  }

  /** @throws PorchlightError `too_many_requests` when the account has its streams already */
  add(person: Person, identify: () => Promise<Identity>, open: (onEnd: () => void) => EventSink): void {
    const { accountId } = person;
    const streams = this.#listeners.get(accountId) ?? new Set();
    if (streams.size >= STREAMS_MAX) {
      throw new PorchlightError('too_many_requests', `An account has ${STREAMS_MAX} event streams at most`, {
        detail: { retryAfter: 10 },
      });
    }
    const stream = open(() => {
      streams.delete(listener);
      if (streams.size === 0 && this.#listeners.get(accountId) === streams) this.#listeners.delete(accountId);
    });
    const listener: Listener = { person, stream, identify };
    if (stream.ended) return;
    streams.add(listener);
    this.#listeners.set(accountId, streams);
  }

  close(): void {
    for (const stop of this.#stop) stop();
    for (const recent of this.#recent.values()) recent.cancel();
    this.#recent.clear();
    for (const { stream } of this.#all()) stream.end();
  }

  #hear(event: RelayEvent): void {
    switch (event.type) {
      case 'device-changed':
      case 'link-changed':
        return this.#deviceChanged(event.accountId, event.deviceId);
      case 'device-removed':
        return this.#send(event.accountId, event.deviceId, { type: 'device-removed', id: event.deviceId });
      case 'readings-changed': {
        const { deviceId: id } = event;
        return this.#send(event.accountId, id, { type: 'readings', id }, `readings ${id}`);
      }
      case 'lan-requests-changed':
        return void this.#sendLanRequests(event.accountId, event.deviceId);
      case 'lan-devices-changed': {
        const { deviceId } = event;
        return this.#send(event.accountId, deviceId, { type: 'lan-devices', deviceId }, `lan ${deviceId}`);
      }
      case 'forward-changed':
        return this.#forwardChanged(event.accountId, event.forwardId);
      case 'forward-ended': {
        const { forwardId: id, deviceId, reason } = event;
        const ended = { type: 'forward-ended', id, deviceId, reason } as const;
        return this.#sendForward(event.accountId, deviceId, 'part', ended, `forward ${id}`);
      }
      case 'join-request':
        return this.#sendJoin(event.accountId, { type: 'join-request', request: { ...event.request } });
      case 'join-request-ended': {
        const { requestId: id, outcome } = event;
        return this.#sendJoin(event.accountId, { type: 'join-request-ended', id, outcome });
      }
      case 'link-button-asked':
        return this.#sendJoin(event.accountId, { type: 'link-button', request: event.request });
      case 'link-button-ended': {
        const { requestId: id, outcome } = event;
        return this.#sendJoin(event.accountId, { type: 'link-button-ended', id, outcome });
      }
      case 'sessions-ended':
        return this.#end(
          event.accountId,
          ({ person }) => person.kind === 'session' && event.sessionIds.includes(person.sessionId),
        );
      case 'access-token-revoked':
        return this.#end(
          event.accountId,
          ({ person }) => person.kind === 'access-token' && person.tokenId === event.tokenId,
        );
      case 'ssh-key-removed':
        return this.#end(
          event.accountId,
          ({ person }) => person.kind === 'ssh-key' && person.keyId === event.keyId,
        );
      case 'account-removed':
        return this.#end(event.accountId, () => true);
      case 'account-changed':
        for (const listener of this.#of(event.accountId)) void this.#identifyAgain(listener);
    }
  }

  #forwardChanged(accountId: string, id: string): void {
    if (!this.#listeners.has(accountId)) return;
    const forward = this.#deps.forwards.get(accountId, id);
    if (forward === undefined) return;
    const { deviceId, service } = forward;
    this.#sendForward(accountId, deviceId, { service }, { type: 'forward', forward }, `forward ${id}`);
  }

  /** Whoever knows an open port can use it: only those hear of it who may open one there. */
  #sendForward(
    accountId: string,
    deviceId: string,
    what: Parameters<typeof reaches>[2],
    event: LiveEvent,
    key: string,
  ): void {
    for (const { person, stream } of this.#of(accountId)) {
      const grant = grantOf(person);
      if (grant !== undefined && !(grant.scopes.has('shell') && reaches(grant, deviceId, what))) continue;
      stream.send(event, key);
    }
  }

  /** Tells of it at once, and of what changes within the next half second together, after it. */
  #deviceChanged(accountId: string, deviceId: string): void {
    if (!this.#listeners.has(accountId)) return;
    const recent = this.#recent.get(deviceId);
    if (recent !== undefined) {
      recent.again = true;
      return;
    }
    const cancel = this.#deps.clock.after(DEVICE_MS, () => {
      const { again } = this.#recent.get(deviceId) ?? { again: false };
      this.#recent.delete(deviceId);
      if (again) this.#deviceChanged(accountId, deviceId);
    });
    this.#recent.set(deviceId, { again: false, cancel });
    void this.#sendDevice(accountId, deviceId);
  }

  async #sendDevice(accountId: string, deviceId: string): Promise<void> {
    try {
      const record = await this.#deps.devices.byId(accountId, deviceId);
      if (record === undefined) return;
      this.#send(
        accountId,
        deviceId,
        (person) => ({ type: 'device', device: deviceView(withinGrant(person, record), this.#deps) }),
        deviceId,
      );
    } catch (error) {
      this.#deps.onError(error, 'events');
    }
  }

  /** Only those who may let a WiFi device in hear who asks. */
  async #sendLanRequests(accountId: string, deviceId: string): Promise<void> {
    if (!this.#listeners.has(accountId)) return;
    try {
      const record = await this.#deps.devices.byId(accountId, deviceId);
      if (record === undefined) return;
      const requests = lanRequestsView(this.#deps.baseStations.get(deviceId), record.name);
      for (const { person, stream } of this.#of(accountId)) {
        const grant = grantOf(person);
        if (grant !== undefined && !(grant.scopes.has('manage') && reaches(grant, deviceId, 'whole')))
          continue;
        stream.send({ type: 'lan-requests', deviceId, requests }, `lan-requests ${deviceId}`);
      }
    } catch (error) {
      this.#deps.onError(error, 'events');
    }
  }

  /** Tells everybody of the account whose grant reaches the device; `event` may be made for each. */
  #send(
    accountId: string,
    deviceId: string,
    event: LiveEvent | ((person: Person) => LiveEvent),
    key?: string,
  ): void {
    for (const { person, stream } of this.#of(accountId)) {
      const grant = grantOf(person);
      if (grant !== undefined && !reaches(grant, deviceId, 'part')) continue;
      stream.send(typeof event === 'function' ? event(person) : event, key);
    }
  }

  /** Tells those who see to the whole account, such as who is let in; without an account it is for every admin. */
  #sendJoin(accountId: string | undefined, event: LiveEvent): void {
    const listeners = accountId === undefined ? this.#all() : this.#of(accountId);
    for (const { person, stream } of listeners) {
      if (accountId === undefined && person.role !== 'admin') continue;
      const grant = grantOf(person);
      if (grant === undefined || (grant.scopes.has('manage') && grant.devices === undefined)) {
        stream.send(event, undefined);
      }
    }
  }

  #end(accountId: string, holds: (listener: Listener) => boolean): void {
    for (const listener of this.#of(accountId)) if (holds(listener)) listener.stream.end();
  }

  #beat(): void {
    for (const listener of this.#all()) {
      listener.stream.beat();
      void this.#identifyAgain(listener);
    }
  }

  async #identifyAgain(listener: Listener): Promise<void> {
    try {
      const identity = await listener.identify();
      if (identity.kind === 'anonymous') listener.stream.end();
      else listener.person = identity;
    } catch (error) {
      this.#deps.onError(error, 'events');
      listener.stream.end();
    }
  }

  #of(accountId: string): Listener[] {
    return [...(this.#listeners.get(accountId) ?? [])];
  }

  #all(): Listener[] {
    return [...this.#listeners.values()].flatMap((streams) => [...streams]);
  }
}
