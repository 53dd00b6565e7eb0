import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { AGENT_ERROR_HEADER, ERRORS, type ErrorCode, PorchlightError } from '@porchlight/protocol';
import { sendFailure } from './failure.ts';
import { headersObject, requestHeaders, responseHeaders, type VisitFacts } from './headers.ts';

export interface ProxyTarget {
  readonly agent: http.Agent;
  readonly facts: VisitFacts;
  readonly dropAuthorization: boolean;
  /** Called once: `undefined` when the service itself answered. */
  readonly onOutcome: (error: PorchlightError | undefined) => void;
}

const WITHOUT_BODY_BY_DEFAULT = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/**
 * Sends a visitor's request over a channel as HTTP/1.1 and streams the answer back, with back-pressure both ways. No
 * body is held; there is no deadline on either body, nor on the answer's head.
 */
export function proxyRequest(req: IncomingMessage, res: ServerResponse, target: ProxyTarget): void {
  const headers = requestHeaders(req.rawHeaders, target.facts, target);
  const body = bodyOf(req);
  if (body === 'chunked') headers.push('Transfer-Encoding', 'chunked');
  else if (body === 'none' && !WITHOUT_BODY_BY_DEFAULT.has(req.method ?? ''))
    headers.push('Content-Length', '0');
  send(req, res, target, { headers, body, mayRetry: body === 'none' && isSafe(req.method) });
}

interface Outgoing {
  readonly headers: string[];
  readonly body: Body;
  /** A kept-alive channel may close just as it is used again: a safe request without body is then sent once more. */
  readonly mayRetry: boolean;
}

function send(req: IncomingMessage, res: ServerResponse, target: ProxyTarget, outgoing: Outgoing): void {
  const upstream = http.request({
    agent: target.agent,
    method: req.method,
    path: req.url,
    headers: outgoing.headers,
    setHost: false,
  });
  let settled = false;
  const settle = (error: PorchlightError | undefined): void => {
    if (settled) return;
    settled = true;
    target.onOutcome(error);
  };
  const onVisitorGone = (): void => {
    if (!res.writableFinished) upstream.destroy();
  };
  res.on('close', onVisitorGone);
  upstream.on('continue', () => res.writeContinue());
  upstream.on('response', (answer) => {
    const failure = agentFailure(answer);
    settle(failure);
    if (failure !== undefined) {
      answer.resume();
      sendFailure(req, res, failure);
      return;
    }
    sendAnswer(req, res, answer, target.facts.host);
  });
  upstream.on('error', (error) => {
    if (res.destroyed) return settle(undefined);
    if (outgoing.mayRetry && upstream.reusedSocket && !res.headersSent) {
      res.off('close', onVisitorGone);
      send(req, res, target, { ...outgoing, mayRetry: false });
      return;
    }
    const failure =
      error instanceof PorchlightError
        ? error
        : new PorchlightError('service_unreachable', undefined, { cause: error });
    settle(failure);
    sendFailure(req, res, failure);
  });
  if (outgoing.body === 'none') {
    upstream.end();
    return;
  }
  // The visitor may wait for 100 (Continue) before it sends anything.
  upstream.flushHeaders();
  req.on('aborted', () => upstream.destroy());
  req.pipe(upstream, { end: false });
  req.on('end', () => {
    if (req.rawTrailers.length > 0 && outgoing.body === 'chunked')
      upstream.addTrailers(pairs(req.rawTrailers));
    upstream.end();
  });
}

function sendAnswer(req: IncomingMessage, res: ServerResponse, answer: IncomingMessage, host: string): void {
  const status = answer.statusCode ?? 502;
  const headers = responseHeaders(answer.rawHeaders, host);
  if (req.httpVersionMajor === 1) res.writeHead(status, answer.statusMessage, headers);
  else res.writeHead(status, headersObject(headers));
  answer.pipe(res, { end: false });
  answer.on('end', () => {
    if (answer.rawTrailers.length > 0) res.addTrailers(pairs(answer.rawTrailers));
    res.end();
  });
  answer.on('close', () => {
    // Cut off half way: the visitor must not take it for the whole.
    if (!answer.complete) res.destroy();
  });
  answer.on('error', () => res.destroy());
}

type Body = 'none' | 'sized' | 'chunked';

/** How the request's body is framed (RFC 9112 §6.3, RFC 9113 §8.1). */
function bodyOf(req: IncomingMessage): Body {
  if (req.headers['content-length'] !== undefined)
    return req.headers['content-length'] === '0' ? 'none' : 'sized';
  if (req.httpVersionMajor === 1) return req.headers['transfer-encoding'] === undefined ? 'none' : 'chunked';
  const stream: unknown = Reflect.get(req, 'stream');
  const ended =
    typeof stream === 'object' && stream !== null && Reflect.get(stream, 'endAfterHeaders') === true;
  return ended ? 'none' : 'chunked';
}

function isSafe(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/** What the agent answered by itself, in place of the service. */
export function agentFailure(answer: IncomingMessage): PorchlightError | undefined {
  const code = answer.headers[AGENT_ERROR_HEADER];
  if (typeof code !== 'string') return undefined;
  return new PorchlightError(Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'service_unreachable');
}

function pairs(raw: readonly string[]): [string, string][] {
  const out: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) out.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return out;
}
