import { PorchlightError } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import type { DeviceRecord, DeviceRecorder } from '../devices/index.ts';
import type { LinkTable } from '../links/index.ts';
import type { ChannelPools, VisitNotes } from '../publish/index.ts';
import { newId } from '../secrets.ts';
import { fetchJson, type HomeRequest } from './fetch-json.ts';
import { EmoncmsRefusal } from './parse-answers.ts';
import { ORIGINAL_CLIENT } from './service.ts';

/** Where emoncms is below a service: exposed by itself, as the preset does, or with the web server that it lives in. */
const BASES = ['', '/emoncms'] as const;
/** Services whose base is remembered; one that is forgotten costs a request more. */
const KNOWN_MAX = 5_000;
/** Calls to one service at the same time: a page asks ten at once, small boards answer four. */
const RUNNING_PER_SERVICE = 16;
/** Of all services: each may hold an answer of 2 MB. */
const RUNNING_MAX = 64;

/** Who asks which service. */
export interface HomeAsk {
  readonly device: DeviceRecord;
  readonly service: string;
  /** The owner, whose visit it is. */
  readonly person: string;
  readonly address: string;
  /** Where people open the service: the device is told this host. */
  readonly url: string;
  readonly signal: AbortSignal;
}

export interface HomeCallsParts {
  readonly links: Pick<LinkTable, 'get'>;
  readonly pools: Pick<ChannelPools, 'agent'>;
  readonly recorder: Pick<DeviceRecorder, 'noteService' | 'downSince'>;
  readonly notes: Pick<VisitNotes, 'note'>;
  readonly clock: Clock;
}

/**
 * Calls to an emoncms at home, whatever serves it there. Each goes through the device's link as a visit of its owner, so
 * that the policy there decides about it like about any other.
 */
export class HomeCalls {
  readonly #parts: HomeCallsParts;
  readonly #bases = new Map<string, string>();
  readonly #running = new Map<string, number>();
  #runningInAll = 0;

  constructor(parts: HomeCallsParts) {
    this.#parts = parts;
  }

  /**
   * Answers from home, as `read` understands it.
   * @param request its target is below the base of emoncms
   * @throws PorchlightError `device_offline`, `device_paused`, `service_unknown`, `denied_by_device`, `device_timeout`
   * (5 s), `service_unreachable`, `bad_answer`, `busy`; what `read` throws
   */
  async call<T>(ask: HomeAsk, request: HomeRequest, read: (answer: unknown) => T): Promise<T> {
    const key = `${ask.device.id} ${ask.service}`;
    const running = this.#running.get(key) ?? 0;
    if (running >= RUNNING_PER_SERVICE || this.#runningInAll >= RUNNING_MAX)
      throw new PorchlightError('busy');
    this.#running.set(key, running + 1);
    this.#runningInAll += 1;
    try {
      return await this.#fromHome(key, ask, request, read);
    } finally {
      this.#runningInAll -= 1;
      const left = (this.#running.get(key) ?? 1) - 1;
      if (left > 0) this.#running.set(key, left);
      else this.#running.delete(key);
    }
  }

  async #fromHome<T>(
    key: string,
    ask: HomeAsk,
    request: HomeRequest,
    read: (answer: unknown) => T,
  ): Promise<T> {
    const { device, service, person, address } = ask;
    this.#parts.notes.note({
      ...{ accountId: device.accountId, deviceId: device.id, deviceName: device.name },
      ...{ service, address, access: 'console', person },
    });
    // An original client's requests have no base.
    const original = this.#parts.links.get(device.id)?.agent === ORIGINAL_CLIENT;
    const known = original ? '' : this.#bases.get(key);
    let refused: PorchlightError | undefined;
    for (const base of known === undefined ? BASES : [known]) {
      try {
        const answer = read(await this.#fetch(ask, { ...request, target: `${base}${request.target}` }));
        if (!original) this.#remember(key, base);
        return answer;
      } catch (error) {
        if (!(error instanceof PorchlightError) || !mayBeElsewhere(error, request)) throw error;
        refused = tellsMore(error, refused);
      }
    }
    // It may have moved on the device.
    if (refused?.code === 'bad_answer' && !(refused instanceof EmoncmsRefusal)) this.#bases.delete(key);
    throw refused ?? new PorchlightError('bad_answer');
  }

  async #fetch({ device, service, person, address, url, signal }: HomeAsk, request: HomeRequest) {
    const { links, pools, recorder, clock } = this.#parts;
    const link = links.get(device.id);
    if (link === undefined) throw this.#offline(device);
    if (link.paused) throw new PorchlightError('device_paused', `${device.name} is paused`);
    if (!link.services.some(({ name }) => name === service)) throw new PorchlightError('service_unknown');
    const { host, protocol } = new URL(url);
    const proto = protocol === 'https:' ? 'https' : 'http';
    const facts = { address, proto, host, person, requestId: `emoncms-${newId()}` } as const;
    try {
      const agent = pools.agent(link, service);
      const answer = await fetchJson({ agent, request, facts, clock, signal });
      recorder.noteService(device, service, undefined);
      return answer;
    } catch (failure) {
      const error = links.get(device.id) === link ? failure : this.#offline(device);
      // Nonsense is an answer of the service too; who left early has seen none.
      if (error instanceof PorchlightError && !signal.aborted) {
        recorder.noteService(device, service, error.code === 'bad_answer' ? undefined : error);
      }
      throw link.agent === ORIGINAL_CLIENT ? explained(error) : error;
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

/** An original client gives no reasons: its silence is what there is to explain. */
function explained(error: unknown): unknown {
  if (!(error instanceof PorchlightError) || error.code !== 'device_timeout') return error;
  const message =
    'The emoncms client said nothing for five seconds: it is slow, or its access list does not allow this';
  return new PorchlightError('device_timeout', message, { cause: error });
}

/** Whether emoncms may be at another base. What changes something is not asked twice where it may have been done. */
function mayBeElsewhere({ code, detail }: PorchlightError, { changes }: HomeRequest): boolean {
  if (code === 'denied_by_device') return true;
  return code === 'bad_answer' && (!changes || detail['answered'] === 404);
}

/** Which of two refusals to show: emoncms' own words, then the policy's no, then what was no emoncms at all. */
function tellsMore(error: PorchlightError, before: PorchlightError | undefined): PorchlightError {
  const weight = (one: PorchlightError) =>
    one instanceof EmoncmsRefusal ? 2 : one.code === 'denied_by_device' ? 1 : 0;
  return before === undefined || weight(error) > weight(before) ? error : before;
}
