import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import { endToEndHeaders, IncomingBody, OutgoingBody } from '@porchlight/link';
import {
  RPC_PART_MAX,
  RPC_WINDOW,
  type RpcFromDevice,
  type RpcRequest,
  type RpcToDevice,
} from '@porchlight/protocol/rpc';
import type { Clock } from '../clock.ts';

/** Messages of a request's body that the relay may send before any is acknowledged. */
export const REQUEST_WINDOW = 8;
/** An answer that goes on without saying anything, such as a stream of events, tells so: the relay gives up after five minutes. */
const QUIET_MS = 60_000;

export interface DeviceRequestParts {
  readonly request: RpcRequest;
  /** Connects to the service of this device. */
  readonly agent: http.Agent;
  readonly send: (message: RpcFromDevice) => void;
  readonly clock: Pick<Clock, 'after'>;
  /** Called once, last. */
  readonly onEnd: () => void;
}

/** One request of the relay: as HTTP to the service, its answer back as messages. */
export class DeviceRequest {
  readonly #parts: DeviceRequestParts;
  readonly #local: ClientRequest;
  readonly #body: IncomingBody;
  #answer: OutgoingBody | undefined;
  #ended = false;

  constructor(parts: DeviceRequestParts) {
    this.#parts = parts;
    const { request, agent } = parts;
    this.#local = http.request({
      agent,
      method: request.method,
      path: request.target,
      headers: localFields(request),
      setHost: false,
    });
    this.#local.on('response', (answer) => this.#onAnswer(answer));
    this.#local.on('error', () => this.#fail());
    this.#local.on('close', () => this.#end());
    this.#body = new IncomingBody({
      sink: this.#local,
      window: REQUEST_WINDOW,
      acknowledge: (taken) => this.#send({ type: 'ack', id: request.id, taken }),
    });
    this.#body.take({ index: 0, bytes: request.body, last: request.last });
  }

  take(message: Exclude<RpcToDevice, RpcRequest>): void {
    switch (message.type) {
      case 'part': {
        const fault = this.#body.take({ index: message.index, bytes: message.body, last: message.last });
        if (fault !== undefined && fault !== 'duplicate') this.#fail();
        return;
      }
      case 'ack':
        this.#answer?.acknowledge(message.taken);
        return;
      case 'cancel':
        return this.cancel();
    }
  }

  /** Nobody waits for the answer any more. Idempotent. */
  cancel(): void {
    this.#ended = true;
    this.#answer?.stop();
    this.#local.destroy();
    this.#parts.onEnd();
  }

  #onAnswer(answer: IncomingMessage): void {
    if (this.#ended) return void answer.destroy();
    const { request, clock } = this.#parts;
    const { id, method } = request;
    answer.on('error', () => this.#fail());
    this.#answer = new OutgoingBody({
      source: answer,
      length: answerLength(answer, method),
      window: () => RPC_WINDOW,
      room: () => RPC_PART_MAX,
      send: ({ index, bytes, last }) => {
        if (index > 0) this.#send({ type: 'part', id, last, index, body: bytes });
        else {
          const status = answer.statusCode ?? 502;
          this.#send({
            type: 'response',
            id,
            last,
            status,
            fields: endToEndHeaders(answer.rawHeaders, () => true),
            body: bytes,
          });
        }
      },
      broken: () => this.#fail(),
      whenQuiet: { ms: QUIET_MS, after: (ms, call) => clock.after(ms, call) },
    });
  }

  #send(message: RpcFromDevice): void {
    if (!this.#ended) this.#parts.send(message);
  }

  /** The service broke off, before or in its answer. */
  #fail(): void {
    if (this.#ended) return;
    if (this.#answer?.done !== true) {
      const { id } = this.#parts.request;
      this.#send({ type: 'refuse', id, code: 'unreachable', reason: 'the service broke off' });
    }
    this.cancel();
  }

  #end(): void {
    // The connection is given back while the last messages wait for acknowledgement.
    if (this.#ended || (this.#answer !== undefined && !this.#answer.done)) return;
    if (this.#answer === undefined) return this.#fail();
    this.#ended = true;
    this.#parts.onEnd();
  }
}

/** As HTTP/1.1 wants them: a host, and how long the body is. */
function localFields({ fields, service, last, body, method }: RpcRequest): string[] {
  const names = new Set(fields.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()));
  const out = [...fields];
  if (!names.has('host')) out.push('Host', service);
  if (names.has('content-length')) return out;
  if (!last) out.push('Transfer-Encoding', 'chunked');
  else if (body.length > 0 || method === 'POST' || method === 'PUT') {
    out.push('Content-Length', String(body.length));
  }
  return out;
}

function answerLength(answer: IncomingMessage, method: string): number | undefined {
  const status = answer.statusCode ?? 0;
  if (method === 'HEAD' || status === 204 || status === 304) return 0;
  if (answer.headers['transfer-encoding'] !== undefined) return undefined;
  const length = answer.headers['content-length'];
  return length === undefined ? undefined : Number(length);
}
