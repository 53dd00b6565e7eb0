import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { cutAnswer, isFullySent, isGone } from './answers.ts';
import { headerPairs, headersObject, trailerFields, withoutField } from './http-headers.ts';

/** Where a request goes next, and what becomes of the answer. */
export interface Forwarding {
  /** Pools the connections; with `host` and `port` when it does not know where to go by itself. */
  readonly agent: http.Agent;
  readonly host?: string;
  readonly port?: number;
  /** Request target: path and query. */
  readonly path: string;
  /** End-to-end fields, flat, with `Host`; framing is added. */
  readonly headers: readonly string[];
  /** Which trailers of the request go on, by lower-case name; all that may when absent. */
  readonly keepTrailer?: (lower: string) => boolean;
  /** The answer's head has come: gives the fields to pass on, or undefined when it was answered in another way. */
  readonly onAnswer: (answer: IncomingMessage) => string[] | undefined;
  /** No answer came; nothing has been sent to the asker yet. */
  readonly onError: (error: Error) => void;
}

/** Methods whose requests have no body unless they say so (RFC 9110 §9.3). */
const WITHOUT_BODY_BY_DEFAULT = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

type Body = 'none' | 'sized' | 'chunked';

/**
 * Sends a request on as HTTP/1.1 and streams the answer back, with back-pressure both ways, trailers and 100
 * (Continue). No body is held, and there is no deadline on either body nor on the answer's head. The asker may speak
 * HTTP/1.1 or HTTP/2 (through Node's compatibility API).
 */
export function forwardRequest(req: IncomingMessage, res: ServerResponse, to: Forwarding): void {
  const body = bodyOf(req);
  const headers = body === 'chunked' ? [...to.headers] : withoutField(to.headers, 'trailer');
  if (body === 'chunked') headers.push('Transfer-Encoding', 'chunked');
  else if (body === 'none' && !WITHOUT_BODY_BY_DEFAULT.has(req.method ?? '') && !hasLength(req)) {
    headers.push('Content-Length', '0');
  }
  try {
    send(req, res, to, { headers, body, mayRetry: body === 'none' && isSafe(req.method) });
  } catch (error) {
    // What HTTP/2 lets through and HTTP/1.1 cannot say, such as a space in the path.
    to.onError(asError(error));
  }
}

interface Outgoing {
  readonly headers: string[];
  readonly body: Body;
  /** A kept-alive connection may close just as it is used again: a safe request is then sent once more. */
  readonly mayRetry: boolean;
}

function send(req: IncomingMessage, res: ServerResponse, to: Forwarding, outgoing: Outgoing): void {
  const upstream = http.request({
    agent: to.agent,
    protocol: protocolOf(to.agent),
    ...(to.host === undefined ? {} : { host: to.host, port: to.port }),
    method: req.method,
    path: to.path,
    headers: outgoing.headers,
    setHost: false,
  });
  const onAskerGone = (): void => {
    if (!isFullySent(res)) upstream.destroy();
  };
  res.on('close', onAskerGone);
  let continued = false;
  upstream.on('continue', () => {
    // One for whoever waits for it: a server that sends many would fill the memory while the asker does not read.
    if (continued || req.headers.expect === undefined) return;
    continued = true;
    res.writeContinue();
  });
  let answered: IncomingMessage | undefined;
  upstream.on('response', (answer) => {
    answered = answer;
    try {
      const fields = to.onAnswer(answer);
      if (fields === undefined) answer.resume();
      else {
        // Who was refused sends no body: what comes next on its connection would be taken for one.
        const waits = req.headers.expect !== undefined && !continued && outgoing.body !== 'none';
        sendAnswer(req, res, answer, waits && req.httpVersionMajor === 1 ? closing(fields) : fields);
      }
    } catch (error) {
      // An answer that cannot be said to the asker, such as one with status 999 over HTTP/2.
      upstream.destroy();
      if (res.headersSent) cutAnswer(res);
      else to.onError(asError(error));
    }
  });
  // Without a listener node:http cuts the connection at a 101 that nobody asked for, and tells nobody.
  upstream.on('upgrade', (_answer, connection) => {
    connection.destroy();
    if (!isGone(res)) to.onError(new Error('the server switched protocols without being asked'));
  });
  upstream.on('error', (error) => {
    // What comes behind a whole answer is of no account: small servers send a body with 204, 304 or to HEAD.
    if (isGone(res) || answered?.complete === true) return;
    if (res.headersSent) {
      cutAnswer(res);
      return;
    }
    if (outgoing.mayRetry && upstream.reusedSocket) {
      res.off('close', onAskerGone);
      send(req, res, to, { ...outgoing, mayRetry: false });
      return;
    }
    to.onError(error);
  });
  if (outgoing.body === 'none') {
    upstream.end();
    return;
  }
  // The asker may wait for 100 (Continue) before it sends anything.
  upstream.flushHeaders();
  req.pipe(upstream, { end: false });
  req.on('end', () => {
    // Over HTTP/2 a body that was cut off ends too, with no error: the device must not take it for the whole.
    if (req.aborted) {
      upstream.destroy();
      return;
    }
    if (outgoing.body === 'chunked' && req.rawTrailers.length > 0)
      upstream.addTrailers(headerPairs(trailerFields(req.rawTrailers, to.keepTrailer ?? (() => true))));
    upstream.end();
  });
  upstream.on('response', (answer) => answer.on('end', () => keepDraining(upstream)));
  // The answer may be over before the request is; node:http then tells the request nothing of its connection's end.
  const onConnectionGone = (): void => {
    if (!req.complete) upstream.destroy();
  };
  const connection = req.httpVersionMajor === 1 ? req.socket : req;
  connection.on('close', onConnectionGone);
  upstream.on('close', () => connection.off('close', onConnectionGone));
  upstream.on('close', () => {
    if (req.complete) return;
    req.unpipe(upstream);
    req.resume();
  });
}

/** node:http tells a request nothing of its connection's `drain` once the answer is over: a long upload would stand still. */
function keepDraining(upstream: http.ClientRequest): void {
  const { socket } = upstream;
  if (upstream.writableFinished || socket === null || socket.destroyed) return;
  const onDrain = (): void => void upstream.emit('drain');
  const stop = (): void => void socket.off('drain', onDrain);
  socket.on('drain', onDrain);
  for (const event of ['finish', 'close']) upstream.once(event, stop);
  if (!socket.writableNeedDrain) onDrain();
}

function sendAnswer(
  req: IncomingMessage,
  res: ServerResponse,
  answer: IncomingMessage,
  fields: string[],
): void {
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 599) throw new Error(`the service answered with status ${status}`);
  if (req.httpVersionMajor === 1) {
    const chunked = hasChunkedBody(req, answer, status);
    res.writeHead(status, reasonOf(answer), chunked ? fields : withoutField(fields, 'trailer'));
  } else res.writeHead(status, headersObject(fields));
  // Head and the first of the body leave together, but a stream of events may have nothing to say for a while.
  setImmediate(() => {
    if (!res.writableEnded && !isGone(res)) res.flushHeaders();
  });
  answer.pipe(res, { end: false });
  answer.on('end', () => {
    const trailers = answer.rawTrailers.length > 0 ? trailerFields(answer.rawTrailers, () => true) : [];
    if (trailers.length > 0) addTrailers(req, res, trailers);
    res.end();
  });
  answer.on('close', () => {
    // Cut off half way: the asker must not take it for the whole.
    if (!answer.complete) cutAnswer(res);
  });
  answer.on('error', () => cutAnswer(res));
}

/** The reason phrase, or none when it has characters that node:http reads but refuses to write. */
function reasonOf(answer: IncomingMessage): string {
  const reason = answer.statusMessage ?? '';
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(reason) ? reason : '';
}

function addTrailers(req: IncomingMessage, res: ServerResponse, trailers: readonly string[]): void {
  if (req.httpVersionMajor === 1) res.addTrailers(headerPairs(trailers));
  // The compatibility API takes an object only, and node:http's types know none with lists.
  else Reflect.apply(res.addTrailers, res, [headersObject(trailers)]);
}

/** Whether the answer goes out in chunks, without which node:http takes no `Trailer` field. */
function hasChunkedBody(req: IncomingMessage, answer: IncomingMessage, status: number): boolean {
  const none = req.method === 'HEAD' || status === 204 || status === 304 || req.httpVersionMinor === 0;
  return !none && answer.headers['transfer-encoding'] !== undefined;
}

function closing(fields: readonly string[]): string[] {
  return [...fields, 'Connection', 'close'];
}

/** How the request's body is framed (RFC 9112 §6.3, RFC 9113 §8.1). */
function bodyOf(req: IncomingMessage): Body {
  const length = req.headers['content-length'];
  if (length !== undefined) return length === '0' ? 'none' : 'sized';
  if (req.httpVersionMajor === 1) return req.headers['transfer-encoding'] === undefined ? 'none' : 'chunked';
  const stream: unknown = Reflect.get(req, 'stream');
  const ended =
    typeof stream === 'object' && stream !== null && Reflect.get(stream, 'endAfterHeaders') === true;
  return ended ? 'none' : 'chunked';
}

function hasLength(req: IncomingMessage): boolean {
  return req.headers['content-length'] !== undefined;
}

function isSafe(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

export function protocolOf(agent: http.Agent): string {
  const protocol: unknown = Reflect.get(agent, 'protocol');
  return typeof protocol === 'string' ? protocol : 'http:';
}
