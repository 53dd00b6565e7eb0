import { PorchlightError, problemOf } from '@porchlight/protocol';
import type { Problem } from '@porchlight/protocol/api';
import type { Clock } from '../clock.ts';
import type { DeviceRecord, DeviceRecorder, ServiceRecord } from '../devices/index.ts';
import type { EventBus } from '../events.ts';
import type { LinkTable } from '../links/index.ts';
import type { ChannelPools, VisitNotes } from '../publish/index.ts';
import { newId } from '../secrets.ts';
import { fetchJson } from './fetch-json.ts';
import { LastAnswers } from './last-answers.ts';
import { EmoncmsRefusal } from './parse-answers.ts';
import type { Question } from './questions.ts';

/** Where emoncms is below a service: exposed by itself, as the preset does, or with the web server that it lives in. */
const BASES = ['', '/emoncms'] as const;
/** Services whose base is remembered; one that is forgotten costs a request more. */
const KNOWN_MAX = 5_000;
/** Questions to one service at the same time: a page asks ten at once, small boards answer four. */
const RUNNING_PER_SERVICE = 16;
/** Of all services: each may hold an answer of 2 MB. */
const RUNNING_MAX = 64;

/** Who asks which service. */
export interface EmoncmsAsk {
  readonly device: DeviceRecord;
  readonly service: ServiceRecord;
  /** The owner, whose visit it is. */
  readonly person: string;
  readonly address: string;
  /** Where people open the service: the device is told this host. */
  readonly url: string;
  readonly signal: AbortSignal;
}

type Told<T> = T & { readonly at: number; readonly failure?: Problem };

export interface EmoncmsViewParts {
  readonly links: Pick<LinkTable, 'get'>;
  readonly pools: Pick<ChannelPools, 'agent'>;
  readonly recorder: Pick<DeviceRecorder, 'noteService' | 'downSince'>;
  readonly notes: Pick<VisitNotes, 'note'>;
  readonly events: EventBus;
  readonly clock: Clock;
}

/**
 * What the console's page asks an emoncms at home. Each question goes through the device's link as a visit of its
 * owner, so that the policy there decides about it like about any other.
 */
export class EmoncmsView {
  readonly #parts: EmoncmsViewParts;
  readonly #bases = new Map<string, string>();
  readonly #running = new Map<string, number>();
  #runningInAll = 0;
  readonly #kept = new LastAnswers();
  /** Counts what was forgotten: an answer that was asked for before must not be kept after it. */
  #forgotten = 0;
  readonly #unsubscribe: () => void;

  constructor(parts: EmoncmsViewParts) {
    this.#parts = parts;
    this.#unsubscribe = parts.events.subscribe((event) => {
      if (event.type === 'device-removed') this.forget(event.deviceId);
    });
  }

  /**
   * Answers from home; where the owner wants last answers kept and there is one, that one, with why.
   * @throws PorchlightError `device_offline`, `device_paused`, `service_unknown`, `denied_by_device`, `device_timeout`
   * (5 s), `service_unreachable`, `bad_answer`, `busy`
   */
  async ask<T extends object>(
    ask: EmoncmsAsk,
    question: Question<T>,
  ): Promise<Told<Omit<T, 'at' | 'failure'>>> {
    const { device, service } = ask;
    const key = `${device.id} ${service.name}`;
    if (!service.keepLastAnswers) this.#kept.forget(key);
    const forgotten = this.#forgotten;
    try {
      const answer = await this.#counted(key, () => this.#fromHome(ask, question));
      const at = this.#parts.clock.now();
      if (service.keepLastAnswers && question.keep !== undefined && forgotten === this.#forgotten) {
        this.#kept.put(key, question.keep, at, answer);
      }
      return { ...answer, at };
    } catch (error) {
      if (!(error instanceof PorchlightError) || question.keep === undefined) throw error;
      const kept = service.keepLastAnswers ? this.#kept.get(key, question.keep) : undefined;
      if (kept === undefined) throw error;
      const failure = problemOf(error) as Problem;
      return { ...(kept.answer as Omit<T, 'at' | 'failure'>), at: kept.at, failure };
    }
  }

  /** Forgets what is kept of a device, or of one service of it. */
  forget(deviceId: string, service?: string): void {
    this.#forgotten += 1;
    const mine = (key: string) =>
      service === undefined ? key.startsWith(`${deviceId} `) : key === `${deviceId} ${service}`;
    this.#kept.forgetWhere(mine);
  }

  close(): void {
    this.#unsubscribe();
    this.#kept.forgetWhere(() => true);
  }

  async #counted<T>(key: string, run: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key) ?? 0;
    if (running >= RUNNING_PER_SERVICE || this.#runningInAll >= RUNNING_MAX)
      throw new PorchlightError('busy');
    this.#running.set(key, running + 1);
    this.#runningInAll += 1;
    try {
      return await run();
    } finally {
      this.#runningInAll -= 1;
      const left = (this.#running.get(key) ?? 1) - 1;
      if (left > 0) this.#running.set(key, left);
      else this.#running.delete(key);
    }
  }

  async #fromHome<T>(ask: EmoncmsAsk, question: Question<T>): Promise<Omit<T, 'at' | 'failure'>> {
    const { device, service, person, address } = ask;
    this.#parts.notes.note({
      ...{ accountId: device.accountId, deviceId: device.id, deviceName: device.name },
      ...{ service: service.name, address, access: 'console', person },
    });
    const key = `${device.id} ${service.name}`;
    const known = this.#bases.get(key);
    let refused: PorchlightError | undefined;
    for (const base of known === undefined ? BASES : [known]) {
      try {
        const answer = question.parse(await this.#fetch(ask, `${base}${question.target}`));
        this.#remember(key, base);
        return answer;
      } catch (error) {
        if (!(error instanceof PorchlightError)) throw error;
        if (error.code !== 'denied_by_device' && error.code !== 'bad_answer') throw error;
        refused = tellsMore(error, refused);
      }
    }
    // It may have moved on the device.
    if (refused?.code === 'bad_answer' && !(refused instanceof EmoncmsRefusal)) this.#bases.delete(key);
    throw refused ?? new PorchlightError('bad_answer');
  }

  async #fetch({ device, service, person, address, url, signal }: EmoncmsAsk, target: string) {
    const { links, pools, recorder, clock } = this.#parts;
    const link = links.get(device.id);
    if (link === undefined) throw this.#offline(device);
    if (link.paused) throw new PorchlightError('device_paused', `${device.name} is paused`);
    if (!link.services.some(({ name }) => name === service.name))
      throw new PorchlightError('service_unknown');
    const { host, protocol } = new URL(url);
    const proto = protocol === 'https:' ? 'https' : 'http';
    const facts = { address, proto, host, person, requestId: `emoncms-${newId()}` } as const;
    try {
      const agent = pools.agent(link, service.name);
      const answer = await fetchJson({ agent, target, facts, clock, signal });
      recorder.noteService(device, service.name, undefined);
      return answer;
    } catch (error) {
      // Nonsense is an answer of the service too; who left early has seen none.
      if (error instanceof PorchlightError && !signal.aborted) {
        recorder.noteService(device, service.name, error.code === 'bad_answer' ? undefined : error);
      }
      throw error;
    }
  }

  #offline(device: DeviceRecord): PorchlightError {
    const since = this.#parts.recorder.downSince(device.id)?.at ?? device.lastDownAt;
    const message =
      since === undefined ? `${device.name} has never been online` : `${device.name} is offline`;
    return new PorchlightError('device_offline', message, {
      detail: since === undefined ? {} : { offlineSince: since },
    });
  }

  #remember(key: string, base: string): void {
    this.#bases.delete(key);
    this.#bases.set(key, base);
    if (this.#bases.size <= KNOWN_MAX) return;
    const oldest = this.#bases.keys().next();
    if (oldest.done !== true) this.#bases.delete(oldest.value);
  }
}

/** Which of two refusals to show: emoncms' own words, then the policy's no, then what was no emoncms at all. */
function tellsMore(error: PorchlightError, before: PorchlightError | undefined): PorchlightError {
  const weight = (one: PorchlightError) =>
    one instanceof EmoncmsRefusal ? 2 : one.code === 'denied_by_device' ? 1 : 0;
  return before === undefined || weight(error) > weight(before) ? error : before;
}
