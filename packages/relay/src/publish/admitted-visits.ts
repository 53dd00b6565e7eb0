import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { PorchlightError } from '@porchlight/protocol';
import type { Person } from '../access/index.ts';
import type { DeviceRecord, DeviceRecorder, ServiceRecord } from '../devices/index.ts';
import type { Link, LinkTable } from '../links/index.ts';
import { newId } from '../secrets.ts';
import type { ChannelPools } from './channel-pools.ts';
import { requestHeaders } from './headers.ts';
import type { OpenVisits } from './open-visits.ts';
import { agentFailure, proxyRequest } from './proxy.ts';
import type { VisitNotes } from './visit-notes.ts';

/** Longest wait for the service's answer to {@link AdmittedVisits.ask}. */
const ANSWER_MS = 15_000;
/** Longest such answer that is read, in bytes. */
const ANSWER_MAX = 64 * 1024;

/** Where an admitted request goes, and in whose name. */
export interface AdmittedVisit {
  readonly device: Pick<DeviceRecord, 'id' | 'name' | 'accountId' | 'lastDownAt'>;
  readonly service: Pick<ServiceRecord, 'name'>;
  readonly person: Person;
  /** Request target at the service. */
  readonly target: string;
  readonly host: string;
  readonly secure: boolean;
  readonly address: string;
  /** By which way it was let in, for the audit. */
  readonly by: string;
}

/** Takes requests to services that were let in otherwise than at the service's own host: by an adapter. */
export class AdmittedVisits {
  readonly #links: LinkTable;
  readonly #pools: ChannelPools;
  readonly #recorder: Pick<DeviceRecorder, 'noteService' | 'downSince'>;
  readonly #notes: VisitNotes;
  readonly #openVisits: OpenVisits;

  constructor(parts: {
    links: LinkTable;
    pools: ChannelPools;
    recorder: Pick<DeviceRecorder, 'noteService' | 'downSince'>;
    notes: VisitNotes;
    openVisits: OpenVisits;
  }) {
    this.#links = parts.links;
    this.#pools = parts.pools;
    this.#recorder = parts.recorder;
    this.#notes = parts.notes;
    this.#openVisits = parts.openVisits;
  }

  /**
   * Passes the request on, without the credential that let it in, and streams the answer back.
   * @throws PorchlightError `device_offline`, `device_paused`, `service_unknown`
   */
  pass(req: IncomingMessage, res: ServerResponse, visit: AdmittedVisit): void {
    const link = this.#linkOf(visit);
    this.#note(visit);
    this.#openVisits.add(res, visit.person);
    const { device, service, target } = visit;
    proxyRequest(req, res, {
      agent: this.#pools.agent(link, service.name),
      target,
      facts: factsOf(visit),
      dropAuthorization: true,
      isUp: () => this.#links.get(device.id) === link,
      onOutcome: (error) => this.#recorder.noteService(device, service.name, error),
    });
  }

  /**
   * Asks the service something of the relay's own, as `role`, with a body of JSON; gives the answer's text.
   * @throws PorchlightError as {@link pass}, what the agent answers, `bad_answer`, `device_timeout`
   */
  async ask(
    visit: AdmittedVisit,
    { method, body, role }: { method: string; body: unknown; role: string },
    signal: AbortSignal,
  ): Promise<string> {
    const link = this.#linkOf(visit);
    const text = JSON.stringify(body);
    const fields = ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(text))];
    const request = http.request({
      agent: this.#pools.agent(link, visit.service.name),
      method,
      path: visit.target,
      headers: requestHeaders(fields, { ...factsOf(visit), role }, { dropAuthorization: true }),
      setHost: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    return new Promise((resolve, reject) => {
      request.on('response', (answer) => {
        readAnswer(answer).then(resolve, reject);
      });
      request.on('error', (error) => {
        const late = error.name === 'AbortError' || error.name === 'TimeoutError';
        const code = late ? 'device_timeout' : 'service_unreachable';
        reject(
          error instanceof PorchlightError ? error : new PorchlightError(code, undefined, { cause: error }),
        );
      });
      request.end(text);
    });
  }

  #linkOf({ device, service }: AdmittedVisit): Link {
    const link = this.#links.get(device.id);
    if (link === undefined) {
      const offlineSince = this.#recorder.downSince(device.id)?.at ?? device.lastDownAt;
      throw new PorchlightError('device_offline', `${device.name} is offline`, {
        detail: offlineSince === undefined ? {} : { offlineSince },
      });
    }
    if (link.paused) throw new PorchlightError('device_paused', `${device.name} is paused`);
    if (!link.services.some(({ name }) => name === service.name))
      throw new PorchlightError('service_unknown');
    return link;
  }

  #note({ device, service, address, person, by }: AdmittedVisit): void {
    this.#notes.note({
      accountId: device.accountId,
      deviceId: device.id,
      deviceName: device.name,
      service: service.name,
      address,
      access: by,
      person: person.accountName,
    });
  }
}

function factsOf({ address, secure, host, person }: AdmittedVisit) {
  const proto = secure ? ('https' as const) : ('http' as const);
  return { address, proto, host, person: person.accountName, requestId: newId() };
}

async function readAnswer(answer: IncomingMessage): Promise<string> {
  const failure = agentFailure(answer);
  if (failure !== undefined) {
    answer.resume();
    throw failure;
  }
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > ANSWER_MAX) throw new PorchlightError('bad_answer', 'The answer is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
