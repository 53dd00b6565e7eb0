import { BASE_STATION_PACE_MS, type BaseStationMessage, type BaseStationRequest } from '@porchlight/protocol';
import type { Clock } from '../../clock.ts';
import { ConfigError } from '../../config/index.ts';
import type { BaseStationSide } from '../../link/index.ts';
import type { Logger } from '../../log/index.ts';
import type { Refusal, Station } from './ports.ts';
import { deviceSummary, inputSummary, newReadings, requestSummary } from './summaries.ts';

/** What changes by itself, such as a device that has become silent, is looked for so often. */
const LOOK_MS = 10_000;
/** Times alone, such as when a device was heard last, are told so often. */
const TIMES_MS = 60_000;
/** Values are passed on so often: the relay keeps five minutes as one. */
const READINGS_MS = 30_000;
/** Answers that wait to be carried out; the relay has no more under way. */
const ANSWERS_MAX = 20;

export interface RelaySideParts {
  readonly station: Station;
  /** Why nothing may be answered from afar now, whatever the settings say. */
  refuses(): Refusal | undefined;
  /** Of answers that were not obeyed; what was done the station notes itself. */
  readonly audit: { event(event: string, detail: Readonly<Record<string, string>>): void };
  readonly clock: Clock;
  readonly logger: Logger;
}

type LanAnswer = Extract<BaseStationRequest, { type: 'lan-answer' }>;
type Outcome = Omit<Extract<BaseStationMessage, { type: 'lan-answered' }>, 'type' | 'n'>;

/** One open channel to the relay. */
interface Listening {
  readonly send: (message: BaseStationMessage) => void;
  /** What was told last, without times, and with them. */
  readonly told: Map<string, { readonly gist: string; readonly text: string; readonly at: number }>;
  readingsAt: number;
  readingsUntil: number;
  answering: number;
  cancel: (() => void) | undefined;
}

/** Tells the relay what happens at the base station, and carries out what its owner answers there. */
export class RelaySide implements BaseStationSide {
  readonly #parts: RelaySideParts;
  #listening: Listening | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #unheard: string | undefined;
  #answers: Promise<void> = Promise.resolve();

  constructor(parts: RelaySideParts) {
    this.#parts = parts;
  }

  /** Something of the base station has changed. */
  changed(): void {
    const listening = this.#listening;
    if (listening === undefined || listening.cancel !== undefined) return;
    const wait = this.#lookedAt + BASE_STATION_PACE_MS - this.#parts.clock.monotonic();
    listening.cancel = this.#parts.clock.after(Math.max(0, wait), () => {
      listening.cancel = undefined;
      this.#look(listening);
    });
  }

  open(send: (message: BaseStationMessage) => void): {
    hear(message: BaseStationRequest): void;
    close(): void;
  } {
    const { clock } = this.#parts;
    const now = clock.now();
    const listening: Listening = {
      ...{ send, told: new Map(), readingsAt: Number.NEGATIVE_INFINITY, readingsUntil: now, answering: 0 },
      cancel: undefined,
    };
    this.#listening = listening;
    this.#unheard = undefined;
    const stopLooking = clock.every(LOOK_MS, () => this.#look(listening));
    this.#look(listening);
    return {
      hear: (message) => this.#hear(listening, message),
      close: () => {
        stopLooking();
        listening.cancel?.();
        if (this.#listening === listening) this.#listening = undefined;
      },
    };
  }

  unheard(reason: string): void {
    if (this.#unheard === reason) return;
    this.#unheard = reason;
    this.#parts.logger.warn({ reason }, 'WiFi devices cannot be seen through the relay');
  }

  #look(listening: Listening): void {
    if (this.#listening !== listening) return;
    const { station, clock } = this.#parts;
    const { settings } = station;
    this.#lookedAt = clock.monotonic();
    const { remoteAllow } = settings;
    this.#tell(listening, { type: 'lan-requests', remoteAllow, ...requestSummary(station) });
    this.#tell(listening, { type: 'lan-devices', ...deviceSummary(station) });
    if (settings.passOn && this.#lookedAt - listening.readingsAt >= READINGS_MS) this.#passOn(listening);
  }

  #tell(listening: Listening, message: BaseStationMessage): void {
    const text = JSON.stringify(message);
    const gist = JSON.stringify(message, (key, value: unknown) => (TIMES.has(key) ? typeof value : value));
    const before = listening.told.get(message.type);
    const at = this.#parts.clock.monotonic();
    if (before?.text === text || (before?.gist === gist && at - before.at < TIMES_MS)) return;
    listening.told.set(message.type, { gist, text, at });
    listening.send(message);
  }

  #passOn(listening: Listening): void {
    const { station, clock } = this.#parts;
    const { baseTopic } = station.settings;
    const now = clock.now();
    const values = newReadings(station.inputs.list(), { baseTopic, since: listening.readingsUntil });
    if (values.length === 0) return;
    listening.readingsAt = clock.monotonic();
    listening.readingsUntil = now;
    listening.send({ type: 'readings', values });
  }

  #hear(listening: Listening, message: BaseStationRequest): void {
    const { n } = message;
    if (message.type === 'inputs-ask') {
      return listening.send({ type: 'inputs', n, ...inputSummary(this.#parts.station) });
    }
    if (listening.answering >= ANSWERS_MAX) {
      const reason = 'the base station has yet to carry out other answers';
      return listening.send({ type: 'lan-answered', n, ok: false, refusal: 'failed', reason });
    }
    listening.answering += 1;
    // One after the other: a request is answered once.
    this.#answers = this.#answers.then(async () => {
      const outcome = await this.#answer(message);
      listening.answering -= 1;
      listening.send({ type: 'lan-answered', n, ...outcome });
    });
  }

  async #answer({ id, answer, by, name, code }: LanAnswer): Promise<Outcome> {
    const { station, audit, logger } = this.#parts;
    const request = station.requests.waiting(id);
    const refusal = this.#refusalOf(request, code);
    if (refusal !== undefined || request === undefined) {
      audit.event('WiFi device not answered through the relay', {
        answer,
        by,
        id,
        reason: refusal?.reason ?? '',
      });
      return { ok: false, ...refusal };
    }
    const who = `${by}, through the relay`;
    try {
      if (answer === 'allow') await station.allow(id, { name, by: who });
      else await station.deny(id, who);
    } catch (error) {
      if (!(error instanceof ConfigError)) logger.error({ error }, 'a WiFi device could not be answered');
      const reason =
        error instanceof ConfigError ? error.message : 'the base station failed: its log has the cause';
      return { ok: false, refusal: 'failed', reason: reason.slice(0, 300) };
    }
    return { ok: true };
  }

  #refusalOf(request: ReturnType<Station['requests']['waiting']>, code: string | undefined) {
    if (!this.#parts.station.settings.remoteAllow) {
      return {
        refusal: 'off' as const,
        reason: 'this base station lets nobody in from afar (remoteAllow is off): answer on its own page',
      };
    }
    const refused = this.#parts.refuses();
    if (refused !== undefined) return refused;
    if (request === undefined) {
      return {
        refusal: 'gone' as const,
        reason: 'there is no such request any more: the device asks again if it is there',
      };
    }
    if (request.way === 'porchlight' && code !== request.code) {
      return {
        refusal: 'code' as const,
        reason: 'the code is another one now: compare it with what the device shows',
      };
    }
    return undefined;
  }
}

/** Members that change without anything having happened. */
const TIMES = new Set(['askedAt', 'times', 'lastSeenAt']);
