import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type Channel,
  endToEndHeaders,
  type Forwarding,
  forwardRequest,
  forwardUpgrade,
} from '@porchlight/link';
import {
  AGENT_ERROR_HEADER,
  ERRORS,
  type ErrorCode,
  PERSON_HEADER,
  PorchlightError,
  PROBE_HEADER,
  parseRequestPath,
  problemOf,
  ROLE_HEADER,
} from '@porchlight/protocol';
import type { Allowed, Denied } from '@porchlight/protocol/policy';
import type { AuditedRequest } from '../audit/index.ts';
import type { ServiceSettings } from '../config/index.ts';
import type { Gate, RequestAudit } from './gate.ts';
import { connectLocally, createLocalAgent } from './local-connections.ts';

export interface HttpServiceParts {
  readonly name: string;
  readonly settings: ServiceSettings;
  readonly gate: Gate;
  readonly audit: RequestAudit;
}

/** Serves one `http` service: reads each request from the relay's channels, asks the policy, and calls the local server. */
export class HttpService {
  readonly #parts: HttpServiceParts;
  readonly #local: http.Agent;
  readonly #server: http.Server;
  readonly #channels = new Set<Channel>();
  readonly #closed = new AbortController();

  constructor(parts: HttpServiceParts) {
    this.#parts = parts;
    this.#local = createLocalAgent(parts.settings);
    // The relay keeps the deadlines and the idle channels; here nothing may cut a long upload or a quiet stream.
    this.#server = http.createServer({
      requestTimeout: 0,
      headersTimeout: 0,
      keepAliveTimeout: 0,
      noDelay: false,
      // The relay takes 16 KiB and adds its own.
      maxHeaderSize: 32 * 1024,
    });
    // A thousand by default: what the relay says of the visitor comes last, and must not be what is cut off.
    this.#server.maxHeadersCount = 0;
    this.#server.on('request', (req, res) => this.#onRequest(req, res));
    this.#server.on('checkContinue', (req, res) => this.#onRequest(req, res));
    this.#server.on('upgrade', (req, socket, head) => this.#onUpgrade(req, socket, head));
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** Takes a channel that the relay has opened. */
  accept(channel: Channel): void {
    this.#channels.add(channel);
    channel.once('close', () => this.#channels.delete(channel));
    channel.on('error', () => channel.destroy());
    this.#server.emit('connection', channel);
  }

  /** Ends every connection, local ones too. Idempotent. */
  close(): void {
    this.#closed.abort();
    for (const channel of this.#channels) channel.destroy();
    this.#local.destroy();
    this.#server.close();
  }

  #onRequest(req: IncomingMessage, res: ServerResponse): void {
    if (this.#parts.gate.paused) return answerError(req, res, this.#whilePaused(req));
    if (req.headers[PROBE_HEADER] !== undefined) return this.#probe(req, res);
    const decision = this.#decide(req);
    if (decision.kind === 'deny') return answerError(req, res, new PorchlightError(decision.code, undefined));
    forwardRequest(
      req,
      res,
      this.#forwarding(req, decision, (error) => answerError(req, res, error)),
    );
  }

  #onUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const fail = (error: PorchlightError): void => {
      if (socket.writable) socket.end(errorBlock(error));
    };
    if (this.#parts.gate.paused) return fail(this.#whilePaused(req));
    const decision = this.#decide(req);
    if (decision.kind === 'deny') return fail(new PorchlightError(decision.code));
    forwardUpgrade(req, socket, head, this.#forwarding(req, decision, fail));
  }

  #decide(req: IncomingMessage): Allowed | Denied {
    const { name, gate } = this.#parts;
    const method = req.method ?? '';
    const target = req.url ?? '';
    const person = single(req.headers[PERSON_HEADER]);
    const role = single(req.headers[ROLE_HEADER]);
    const decision = this.#outside(target) ?? gate.decide({ service: name, method, target, person, role });
    const { kind, rule } = decision;
    this.#note(req, { decision: kind, rule, reason: kind === 'deny' ? decision.reason : undefined });
    return decision;
  }

  #whilePaused(req: IncomingMessage): PorchlightError {
    if (req.headers[PROBE_HEADER] === undefined) this.#note(req, { decision: 'deny', reason: 'paused' });
    return new PorchlightError('device_paused');
  }

  #note(req: IncomingMessage, judged: Pick<AuditedRequest, 'decision' | 'rule' | 'reason'>): void {
    this.#parts.audit.request({
      service: this.#parts.name,
      person: single(req.headers[PERSON_HEADER]),
      role: single(req.headers[ROLE_HEADER]),
      method: req.method ?? '',
      target: req.url ?? '',
      ...judged,
    });
  }

  /** Refuses what is no path (RFC 9112 §3.2.2 names a server of its own), or could lead out of the exposed path. */
  #outside(target: string): Denied | undefined {
    const { basePath } = this.#parts.settings.target;
    if (basePath === '' && target.startsWith('/')) return undefined;
    const path = parseRequestPath(target);
    return path.ok ? undefined : { kind: 'deny', code: 'ambiguous_path', reason: path.reason };
  }

  #forwarding(req: IncomingMessage, allowed: Allowed, fail: (error: PorchlightError) => void): Forwarding {
    const { target } = this.#parts.settings;
    return {
      agent: this.#local,
      host: target.host,
      port: target.port,
      path: `${target.basePath}${allowed.target}`,
      headers: allowed.rewriteHeaders(endToEndHeaders(req.rawHeaders, () => true)),
      keepTrailer: (lower) => !allowed.dropsHeader(lower),
      // The local server must not pose as the agent, nor tell the visitor what the policy added.
      onAnswer: (answer) => answerFields(answer.rawHeaders, allowed),
      onError: (error) => fail(new PorchlightError(codeOf(error), undefined, { cause: error })),
    };
  }

  #probe(req: IncomingMessage, res: ServerResponse): void {
    connectLocally(this.#parts.settings, this.#closed.signal).then(
      (socket) => {
        socket.destroy();
        res.writeHead(204).end();
      },
      (error: unknown) => answerError(req, res, new PorchlightError(codeOf(error))),
    );
  }
}

const ADDRESS_FIELDS = new Set(['location', 'content-location', 'link', 'refresh']);

/** The answer's fields, without those that are the agent's and without what the rule added to the request. */
function answerFields(raw: readonly string[], allowed: Allowed): string[] {
  const fields = endToEndHeaders(raw, (lower) => lower !== AGENT_ERROR_HEADER);
  if (!allowed.changesTarget) return fields;
  return fields.map((text, at) =>
    at % 2 === 1 && ADDRESS_FIELDS.has(fields[at - 1]?.toLowerCase() ?? '') ? allowed.hideAdded(text) : text,
  );
}

function codeOf(error: unknown): ErrorCode {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return code === 'EFORBIDDEN' ? 'denied_by_device' : 'service_unreachable';
}

/** An answer of the agent's own: the relay knows it by its header, and words it for the visitor. */
function answerError(req: IncomingMessage, res: ServerResponse, error: PorchlightError): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const body = JSON.stringify(problemOf(error));
  res.writeHead(error.status, {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    [AGENT_ERROR_HEADER]: error.code,
    // The rest of a refused upload is not read.
    ...(req.complete ? {} : { Connection: 'close' }),
  });
  res.end(body);
}

function errorBlock(error: PorchlightError): string {
  const title = ERRORS[error.code].title;
  return `HTTP/1.1 ${error.status} ${title}\r\nContent-Length: 0\r\nConnection: close\r\n${AGENT_ERROR_HEADER}: ${error.code}\r\n\r\n`;
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
