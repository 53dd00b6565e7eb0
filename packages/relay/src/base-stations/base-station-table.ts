import {
  type BaseStationMessage,
  type BaseStationRequest,
  type LanDevice,
  type LanRefusal,
  type LanRequest,
  PorchlightError,
} from '@porchlight/protocol';
import type { NewAuditEntry } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events.ts';

/** A base station asks its disk and no person: more than this is no answer. */
const ANSWER_MS = 10_000;
/** Several who look at once ask once. */
const INPUTS_LIFE_MS = 2_000;
/** Answers of people that one base station has yet to carry out. */
const ANSWERS_MAX = 20;

/** Whose base station it is. */
export interface BaseStationOwner {
  readonly deviceId: string;
  readonly accountId: string;
  /** Name of the device when its link came up. */
  readonly deviceName: string;
}

/** What a base station has told of itself. */
export interface BaseStation extends BaseStationOwner {
  readonly remoteAllow: boolean;
  readonly requests: { readonly items: readonly LanRequest[]; readonly more: number };
  readonly devices: { readonly items: readonly LanDevice[]; readonly more: number };
}

/** A person answers a request at a base station of theirs. */
export interface LanAnswer {
  readonly requestId: string;
  readonly answer: 'allow' | 'deny';
  readonly code?: string | undefined;
  readonly name?: string | undefined;
  readonly by: { readonly accountName: string; readonly address: string };
}

/** Base stations as the API sees them. */
export interface BaseStations {
  get(deviceId: string): BaseStation | undefined;
  ofAccount(accountId: string): BaseStation[];
  /**
   * Has the base station carry out a person's answer; whether it obeys it decides itself.
   * @throws PorchlightError `device_offline`, `not_found`, `denied_by_device`, `device_paused`, `conflict` (the code has
   * changed), `bad_request` (the name), `bad_answer` (it failed), `device_timeout`, `busy`
   */
  answer(deviceId: string, answer: LanAnswer): Promise<void>;
  /**
   * Asks the base station what its devices say; an answer counts for a moment. Undefined: it is offline, or none.
   * @throws PorchlightError `device_offline`, `device_timeout`, `busy`
   */
  inputs(deviceId: string): Promise<LanInputsTold | undefined>;
}

export type LanInputsTold = Pick<Extract<BaseStationMessage, { type: 'inputs' }>, 'inputs' | 'more'>;

/** What answers a numbered question. */
type Answered = Extract<BaseStationMessage, { type: 'lan-answered' | 'inputs' }>;
type Question = Extract<BaseStationRequest, { type: 'lan-answer' | 'inputs-ask' }>;

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

interface Live extends BaseStation {
  remoteAllow: boolean;
  requests: BaseStation['requests'];
  devices: BaseStation['devices'];
  readonly send: (message: BaseStationRequest) => void;
  readonly waiting: Map<number, (answer: Answered) => void>;
  /** The last question for inputs, which all who ask within a moment share. */
  asked: { readonly at: number; readonly told: Promise<LanInputsTold> } | undefined;
  readonly fail: Set<(error: PorchlightError) => void>;
}

export interface BaseStationTableParts {
  readonly readings: {
    note(device: { id: string; accountId: string }, values: ReadonlyMap<string, string>, at: number): void;
  };
  readonly audit: { append(entry: NewAuditEntry): void };
  readonly events: EventBus;
  readonly clock: Clock;
}

/** The base stations whose link is up: live memory, gone with the link. */
export class BaseStationTable implements BaseStations {
  readonly #parts: BaseStationTableParts;
  readonly #live = new Map<string, Live>();
  #n = 0;

  constructor(parts: BaseStationTableParts) {
    this.#parts = parts;
  }

  /** A base station's channel is there. An earlier one of the same device is over. */
  open(
    { deviceId, accountId, deviceName }: BaseStationOwner,
    send: (message: BaseStationRequest) => void,
  ): { hear(message: BaseStationMessage): void; close(): void } {
    const none = { items: [], more: 0 };
    const live: Live = {
      ...{ deviceId, accountId, deviceName },
      ...{ remoteAllow: false, requests: none, devices: none, send, waiting: new Map(), fail: new Set() },
      asked: undefined,
    };
    const old = this.#live.get(deviceId);
    this.#live.set(deviceId, live);
    if (old !== undefined) failAll(old);
    return { hear: (message) => this.#hear(live, message), close: () => this.#close(live) };
  }

  get(deviceId: string): BaseStation | undefined {
    return this.#live.get(deviceId);
  }

  ofAccount(accountId: string): BaseStation[] {
    return [...this.#live.values()].filter((one) => one.accountId === accountId);
  }

  async answer(deviceId: string, { requestId, answer, code, name, by }: LanAnswer): Promise<void> {
    const live = this.#live.get(deviceId);
    if (live === undefined) {
      throw new PorchlightError('device_offline', 'The base station is offline, or is none any more');
    }
    const request = live.requests.items.find(({ id, state }) => id === requestId && state === 'waiting');
    if (request === undefined) {
      throw new PorchlightError(
        'not_found',
        'There is no such request any more; the device asks again if it is there',
      );
    }
    const {
      ok,
      refusal = 'failed',
      reason,
    } = await this.#ask<'lan-answered'>(live, {
      type: 'lan-answer',
      ...{ id: requestId, answer, by: by.accountName },
      ...(code === undefined ? {} : { code }),
      ...(name === undefined ? {} : { name }),
    });
    if (!ok) throw refused(refusal, reason);
    this.#answered(live, requestId, answer);
    const { audit, clock } = this.#parts;
    audit.append({
      accountId: live.accountId,
      at: clock.now(),
      actor: by.accountName,
      action: answer === 'allow' ? 'lan-request.allowed' : 'lan-request.denied',
      deviceId,
      target: name ?? request.name,
      address: by.address,
      detail: { way: request.way, from: request.address, at: live.deviceName },
    });
  }

  async inputs(deviceId: string): Promise<LanInputsTold | undefined> {
    const live = this.#live.get(deviceId);
    if (live === undefined) return undefined;
    const now = this.#parts.clock.monotonic();
    if (live.asked === undefined || now - live.asked.at >= INPUTS_LIFE_MS) {
      live.asked = { at: now, told: this.#ask<'inputs'>(live, { type: 'inputs-ask' }) };
    }
    const { inputs, more } = await live.asked.told;
    return { inputs, more };
  }

  #ask<T extends Answered['type']>(
    live: Live,
    message: DistributiveOmit<Question, 'n'>,
  ): Promise<Extract<Answered, { type: T }>> {
    if (live.waiting.size >= ANSWERS_MAX) {
      throw new PorchlightError('busy', 'The base station has yet to carry out other answers');
    }
    this.#n += 1;
    const n = this.#n;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        cancel();
        live.waiting.delete(n);
        live.fail.delete(fail);
      };
      const fail = (error: PorchlightError): void => {
        end();
        reject(error);
      };
      const cancel = this.#parts.clock.after(ANSWER_MS, () => fail(new PorchlightError('device_timeout')));
      live.fail.add(fail);
      live.waiting.set(n, (answered) => {
        end();
        const fits = (answered.type === 'inputs') === (message.type === 'inputs-ask');
        if (fits) resolve(answered as Extract<Answered, { type: T }>);
        else reject(new PorchlightError('bad_answer'));
      });
      live.send({ ...message, n });
    });
  }

  /** The base station tells its list anew, a moment later. */
  #answered(live: Live, requestId: string, answer: 'allow' | 'deny'): void {
    const { items, more } = live.requests;
    const left = items
      .filter(({ id }) => answer === 'allow' || id !== requestId)
      .map((one) => (one.id === requestId ? { ...one, state: 'allowed' as const } : one));
    live.requests = { items: left, more };
    if (this.#live.get(live.deviceId) !== live) return;
    const { accountId, deviceId } = live;
    this.#parts.events.publish({ type: 'lan-requests-changed', accountId, deviceId });
  }

  #hear(live: Live, message: BaseStationMessage): void {
    if (this.#live.get(live.deviceId) !== live) return;
    const { clock, events, readings } = this.#parts;
    const { accountId, deviceId } = live;
    switch (message.type) {
      case 'lan-requests':
        live.remoteAllow = message.remoteAllow;
        live.requests = { items: message.requests, more: message.more };
        return events.publish({ type: 'lan-requests-changed', accountId, deviceId });
      case 'lan-devices':
        live.devices = { items: message.devices, more: message.more };
        return events.publish({ type: 'lan-devices-changed', accountId, deviceId });
      case 'lan-answered':
      case 'inputs':
        return live.waiting.get(message.n)?.(message);
      case 'readings': {
        const values = new Map(message.values.map(({ name, value }) => [name, value]));
        return readings.note({ id: deviceId, accountId }, values, clock.now());
      }
    }
  }

  #close(live: Live): void {
    failAll(live);
    if (this.#live.get(live.deviceId) !== live) return;
    this.#live.delete(live.deviceId);
    const { accountId, deviceId } = live;
    this.#parts.events.publish({ type: 'lan-requests-changed', accountId, deviceId });
    this.#parts.events.publish({ type: 'lan-devices-changed', accountId, deviceId });
  }
}

function failAll(live: Live): void {
  for (const fail of [...live.fail]) {
    fail(new PorchlightError('device_offline', 'The base station went offline before it answered'));
  }
}

function refused(refusal: LanRefusal, reason: string | undefined): PorchlightError {
  switch (refusal) {
    case 'gone':
      return new PorchlightError('not_found', reason ?? 'There is no such request any more');
    case 'code':
      return new PorchlightError('conflict', reason ?? 'The code is another one now: compare it again');
    case 'off':
      return new PorchlightError(
        'denied_by_device',
        reason ?? 'Only somebody at the base station may answer',
      );
    case 'paused':
      return new PorchlightError('device_paused', reason);
    case 'name':
      return new PorchlightError('bad_request', reason ?? 'The base station does not take that name');
    case 'failed':
      return new PorchlightError('bad_answer', reason ?? 'The base station could not do it');
  }
}
