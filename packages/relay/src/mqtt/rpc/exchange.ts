import type { IncomingMessage, ServerResponse } from 'node:http';
import { endToEndHeaders, IncomingBody, OutgoingBody } from '@porchlight/link';
import { AGENT_ERROR_HEADER, type ErrorCode, PorchlightError, problemOf } from '@porchlight/protocol';
import {
  RPC_PART_MAX,
  RPC_SINGLE_MAX,
  RPC_WINDOW,
  type RpcAnnouncement,
  type RpcFromDevice,
  type RpcPart,
  type RpcRequest,
  type RpcResponse,
  type RpcToDevice,
  rpcHeadLength,
} from '@porchlight/protocol/rpc';
import type { Clock } from '../../clock.ts';
import { REFUSALS } from './refusals.ts';

/** An answer that has begun and of which nothing comes for so long is given up: it holds one of few places. */
const ANSWER_SILENCE_MS = 5 * 60_000;
/** Bytes of a part's head, at most: `part <16> more <9>` and two line ends. */
const PART_HEAD = 40;

export interface ExchangeParts {
  readonly id: string;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly service: string;
  readonly device: RpcAnnouncement;
  readonly clock: Clock;
  readonly send: (message: RpcToDevice) => void;
  /** Messages that this request may have on their way now, beside the others of the device; at least one. */
  readonly share: () => number;
  /** Has the device sent something since then (`clock.monotonic()`) that nobody could read? */
  readonly rubbishSince: (time: number) => string | undefined;
  /** An answer that is none, for the log. */
  readonly complain: (what: string) => void;
  /** A message that was there already. */
  readonly duplicate: () => void;
  /** Called once, last. */
  readonly onEnd: () => void;
}

/** One request of a visitor to a device: out as messages, back as an answer. */
export class Exchange {
  readonly id: string;
  readonly #parts: ExchangeParts;
  readonly #since: number;
  #outgoing: OutgoingBody | undefined;
  #answer: IncomingBody | undefined;
  #told = false;
  #ended = false;
  #cancelTimer: () => void = () => undefined;

  constructor(parts: ExchangeParts) {
    this.id = parts.id;
    this.#parts = parts;
    this.#since = parts.clock.monotonic();
    this.#wait(parts.device.timeout);
    parts.req.on('error', () => undefined);
    parts.res.on('error', () => undefined);
    parts.res.once('close', () => this.#end());
  }

  /** Sends the request: the device has a place for it. */
  start(): void {
    const { req, device, service, id } = this.#parts;
    const length = bodyLength(req);
    const head: RpcRequest = {
      type: 'request',
      id,
      last: true,
      deadlineMs: device.timeout,
      service,
      method: req.method ?? 'GET',
      target: req.url ?? '/',
      fields: this.#requestFields(length),
      body: new Uint8Array(0),
    };
    const room = device.max - rpcHeadLength(head);
    if (room < 0) return this.fail(new PorchlightError('too_large', 'The device cannot take so long a head'));
    this.#told = true;
    this.#outgoing = new OutgoingBody({
      source: req,
      length,
      window: () => Math.min(device.window, this.#parts.share()),
      room: (index) => Math.min(index === 0 ? room : device.max - PART_HEAD, RPC_PART_MAX),
      send: ({ index, bytes, last }) => {
        this.#parts.send(
          index === 0 ? { ...head, last, body: bytes } : { type: 'part', id, last, index, body: bytes },
        );
        if (this.#answer === undefined) this.#wait(device.timeout);
      },
      broken: () => this.#end(),
    });
  }

  /** Takes a message of the device that is about this request. */
  take(message: RpcFromDevice): void {
    switch (message.type) {
      case 'response':
        return this.#onResponse(message);
      case 'part':
        return this.#onPart(message);
      case 'ack':
        if (this.#outgoing?.acknowledge(message.taken) !== true)
          this.rubbish('it acknowledges what was not sent');
        else if (this.#answer === undefined) this.#wait(this.#parts.device.timeout);
        return;
      case 'refuse':
        if (this.#answer?.complete === true) return this.#parts.duplicate();
        // After the beginning of an answer: it breaks off.
        this.#told = false;
        return this.fail(new PorchlightError(REFUSALS[message.code]));
    }
  }

  /** The device answered what cannot be read. */
  rubbish(reason: string): void {
    this.#parts.complain(reason);
    this.fail(new PorchlightError('bad_answer', `The device's answer is not understood: ${reason}`));
  }

  /** Ends it with an error, which the visitor is told if nothing of an answer has gone to it. Idempotent. */
  fail(error: PorchlightError): void {
    if (this.#ended) return;
    const { res, req } = this.#parts;
    if (res.headersSent) {
      res.destroy();
      return;
    }
    this.#outgoing?.stop();
    answerError(req, res, error);
  }

  #onResponse(message: RpcResponse): void {
    // What was answered in its place is on its way.
    if (this.#answer !== undefined || this.#parts.res.headersSent) return this.#parts.duplicate();
    if (message.body.length > (message.last ? RPC_SINGLE_MAX : RPC_PART_MAX)) {
      return this.rubbish('its message is too long');
    }
    const { res, id } = this.#parts;
    try {
      res.writeHead(message.status, answerFields(message, this.#parts.req.method));
    } catch (error) {
      return this.rubbish(`its head is none of HTTP: ${String(error)}`);
    }
    if (!message.last) res.flushHeaders();
    this.#answer = new IncomingBody({
      sink: res,
      window: RPC_WINDOW,
      acknowledge: (taken) => this.#parts.send({ type: 'ack', id, taken }),
    });
    this.#takeBody({ index: 0, bytes: message.body, last: message.last });
  }

  #onPart(message: RpcPart): void {
    if (this.#answer === undefined) return this.rubbish('its second message came before the first');
    if (message.body.length > RPC_PART_MAX) return this.rubbish('its message is too long');
    this.#takeBody({ index: message.index, bytes: message.body, last: message.last });
  }

  #takeBody(message: Parameters<IncomingBody['take']>[0]): void {
    const answer = this.#answer;
    if (answer === undefined) return;
    const fault = answer.take(message);
    if (fault === 'duplicate') return this.#parts.duplicate();
    if (fault === 'gap') return this.rubbish('a message of it is missing');
    if (fault === 'overrun') return this.rubbish('it did not wait for acknowledgement');
    if (answer.complete) {
      this.#told = false;
      this.#outgoing?.stop();
    }
    this.#wait(ANSWER_SILENCE_MS);
  }

  #requestFields(length: number | undefined): string[] {
    const { req, device } = this.#parts;
    const wanted = new Set(device.headers);
    const all = wanted.has('*');
    const fields = endToEndHeaders(
      req.rawHeaders,
      (lower) => !RELAY_ONLY.has(lower) && (all || wanted.has(lower)),
    );
    if (length !== undefined && length > 0) fields.push('Content-Length', String(length));
    return fields;
  }

  #wait(ms: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.clock.after(ms, () => this.#onSilence());
  }

  #onSilence(): void {
    if (this.#ended) return;
    // The visitor is slow, not the device.
    if (this.#answer !== undefined && !this.#answer.drained) return this.#wait(ANSWER_SILENCE_MS);
    const rubbish = this.#parts.rubbishSince(this.#since);
    if (this.#answer === undefined && rubbish !== undefined) return this.rubbish(rubbish);
    if (!this.#told) return this.fail(new PorchlightError('busy', 'The device is busy with other requests'));
    this.fail(new PorchlightError('device_timeout'));
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelTimer();
    this.#outgoing?.stop();
    if (this.#told) this.#parts.send({ type: 'cancel', id: this.id });
    this.#parts.res.destroy();
    this.#parts.onEnd();
  }
}

/** Fields of a request that do not go to the device: its length is counted here, and trailers do not pass. */
const RELAY_ONLY = new Set(['content-length', 'expect', 'trailer']);

/** Length of a request's body; undefined: it is not known before its end. */
function bodyLength(req: IncomingMessage): number | undefined {
  if (req.headers['transfer-encoding'] !== undefined) return undefined;
  return Number(req.headers['content-length'] ?? 0);
}

function answerFields(message: RpcResponse, method: string | undefined): string[] {
  const fields = endToEndHeaders(
    message.fields,
    (lower) => lower !== 'content-length' && lower !== 'trailer',
  );
  const { status, body, last } = message;
  if (status === 204 || status === 304) return fields;
  const given = lengthField(message.fields);
  // An answer to HEAD tells the length of what GET would bring (RFC 9110 §9.3.2).
  if (method === 'HEAD') return given === undefined ? fields : [...fields, 'Content-Length', given];
  return last ? [...fields, 'Content-Length', String(body.length)] : fields;
}

function lengthField(fields: readonly string[]): string | undefined {
  for (let at = 0; at + 1 < fields.length; at += 2) {
    if (fields[at]?.toLowerCase() === 'content-length' && /^[0-9]{1,15}$/.test(fields[at + 1] ?? '')) {
      return fields[at + 1];
    }
  }
  return undefined;
}

function answerError(req: IncomingMessage, res: ServerResponse, error: PorchlightError): void {
  const body = JSON.stringify(problemOf(error));
  const code: ErrorCode = error.code;
  res.writeHead(error.status, {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    [AGENT_ERROR_HEADER]: code,
    ...(req.complete ? {} : { Connection: 'close' }),
  });
  res.end(body);
}
