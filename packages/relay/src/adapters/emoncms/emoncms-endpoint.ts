import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  AGENT_ERROR_HEADER,
  type AnnouncedService,
  PERSON_HEADER,
  PorchlightError,
  PROBE_HEADER,
  problemOf,
} from '@porchlight/protocol';
import { EMONCMS_SERVICE, ORIGINAL_CLIENT } from '../../emoncms/index.ts';
import { ChannelServer, type MqttEndpoint } from '../../mqtt/index.ts';
import { readForm } from '../../read-form.ts';
import { type EmoncmsCall, parseCallData, parseCallPath } from './call.ts';
import { CallLine, type CallLineParts } from './call-line.ts';

export interface EmoncmsEndpointParts extends CallLineParts {
  /** The console's page about the home's feeds. */
  readonly page: () => string;
}

/** What a probe asks: every home allows it, since nothing could be shown without. */
const PROBE: EmoncmsCall = {
  ...{ controller: 'feed', action: 'list', subaction: '' },
  changes: false,
  data: new Map(),
};

interface Answer {
  readonly status: number;
  /** JSON. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The service of an original client: HTTP requests to `/<controller>/<action>[/<subaction>].json`, at the root and
 * below `/emoncms`, become its messages. What the client does not answer is `device_timeout`, as it gives no reasons.
 */
export class EmoncmsEndpoint implements MqttEndpoint {
  readonly agent = ORIGINAL_CLIENT;
  readonly services: readonly AnnouncedService[] = [{ name: EMONCMS_SERVICE, kind: 'rpc' }];
  readonly #parts: EmoncmsEndpointParts;
  readonly #line: CallLine;
  readonly #channels = new ChannelServer((req, res) => this.#onRequest(req, res));

  constructor(parts: EmoncmsEndpointParts) {
    this.#parts = parts;
    this.#line = new CallLine(parts);
  }

  get openChannels(): number {
    return this.#channels.size;
  }

  async openChannel(service: string): Promise<Duplex> {
    if (service !== EMONCMS_SERVICE) throw new PorchlightError('service_unknown');
    return this.#channels.open(service);
  }

  /** The client's answer to the request with this id. */
  answer(clientId: string, payload: Uint8Array): void {
    this.#line.answer(clientId, payload);
  }

  close(): void {
    this.#line.close();
    this.#channels.close();
  }

  #onRequest(req: IncomingMessage, res: ServerResponse): void {
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    req.on('error', () => undefined);
    res.on('error', () => undefined);
    this.#run(req, gone.signal).then(
      ({ status, body, headers = {} }) => send(req, res, status, body, headers),
      (error: unknown) => {
        const known = error instanceof PorchlightError ? error : new PorchlightError('bad_answer');
        // What was wrong with the request is no fault of the home's.
        const marks = known.status < 500 ? {} : { [AGENT_ERROR_HEADER]: known.code };
        send(req, res, known.status, JSON.stringify(problemOf(known)), marks);
      },
    );
  }

  async #run(req: IncomingMessage, signal: AbortSignal): Promise<Answer> {
    const [path, query] = splitTarget(req.url ?? '/');
    if (req.method === 'HEAD' && req.headers[PROBE_HEADER] !== undefined) {
      await this.#line.ask(PROBE, signal);
      return { status: 204, body: '' };
    }
    const route = parseCallPath(path);
    if (route === undefined) return this.#noCall(req, path);
    if (!['GET', 'HEAD', 'POST'].includes(req.method ?? '')) {
      return { status: 405, body: refusal('Only GET and POST'), headers: { Allow: 'GET, HEAD, POST' } };
    }
    // What a link on another site's page makes a browser ask must not switch anything.
    const site = req.headers['sec-fetch-site'];
    if (route.changes && site !== undefined && site !== 'same-origin' && site !== 'none') {
      throw new PorchlightError('cross_site');
    }
    const given = new URLSearchParams(query);
    if (req.method === 'POST') {
      for (const [name, value] of await readForm(req, this.#parts.clock)) given.append(name, value);
    }
    const data = parseCallData(given);
    if (data === undefined) throw new PorchlightError('too_large', 'Too many parameters');
    return { status: 200, body: jsonOf(await this.#line.ask({ ...route, data }, signal)) };
  }

  /** There are no pages at such a home: its owner gets the console's. */
  #noCall(req: IncomingMessage, path: string): Answer {
    if (path === '/' && req.method === 'GET' && req.headers[PERSON_HEADER] !== undefined) {
      return { status: 302, body: 'null', headers: { Location: this.#parts.page() } };
    }
    return { status: 404, body: refusal('Only what the remote access of emoncms has is answered here') };
  }
}

/** Path and query; the path as it is below `/emoncms`, where emoncms usually is. */
function splitTarget(target: string): [path: string, query: string] {
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  return [path.replace(/^\/emoncms(?:\/|$)/, '/'), at < 0 ? '' : target.slice(at + 1)];
}

/** As emoncms says no. */
function refusal(message: string): string {
  return JSON.stringify({ success: false, message });
}

/** @throws PorchlightError `bad_answer`: it is nested too deeply to be written again */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new PorchlightError('bad_answer', undefined, { cause });
  }
}

function send(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): void {
  if (res.destroyed || res.headersSent) return;
  res.writeHead(status, {
    ...(status === 204
      ? {}
      : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    ...(req.complete ? {} : { Connection: 'close' }),
    ...headers,
  });
  res.end(req.method === 'HEAD' || status === 204 ? undefined : body);
}
