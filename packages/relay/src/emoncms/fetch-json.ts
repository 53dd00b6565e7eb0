import http, { type IncomingMessage } from 'node:http';
import { gunzip } from 'node:zlib';
import { PorchlightError } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import { agentFailure, requestHeaders, type VisitFacts } from '../publish/index.ts';
import { parseAnswer } from './parse-answers.ts';

/** Until the answer begins: the patience of the original server. */
const ANSWER_MS = 5_000;
/** For all of it: the longest takes 16 s of an uplink of 1 Mbit/s. */
const BODY_MS = 20_000;
/** Bytes of an answer, as it comes and unpacked: twenty thousand points are half of it. */
export const ANSWER_BYTES_MAX = 2_000_000;

/** A request to an emoncms at home. */
export interface HomeRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly target: string;
  /** A form; of POST only. */
  readonly body?: string;
  /** It may change something there. */
  readonly changes: boolean;
}

interface Ask {
  readonly agent: http.Agent;
  readonly request: HomeRequest;
  readonly facts: VisitFacts;
  readonly clock: Clock;
  /** The asker has left. */
  readonly signal: AbortSignal;
}

/**
 * The JSON of one request through a device's link. Compressed if the local server does so: the home's uplink is the
 * narrow part of the way.
 * @throws PorchlightError `device_timeout`, `bad_answer`, and what the agent or the way to it says
 */
export async function fetchJson(ask: Ask): Promise<unknown> {
  const ending = new AbortController();
  const leave = () => ending.abort();
  const cancel = [ask.clock.after(ANSWER_MS, leave), ask.clock.after(BODY_MS, leave)] as const;
  try {
    ask.signal.addEventListener('abort', leave, { once: true });
    if (ask.signal.aborted) leave();
    const answer = await begin(ask, ending.signal);
    cancel[0]();
    const body = await wholeOf(answer);
    const { statusCode: status = 0, headers } = answer;
    if (status !== 200) {
      const detail = { answered: status };
      throw new PorchlightError('bad_answer', `The service answered HTTP ${status}`, { detail });
    }
    return parseAnswer((await unpacked(body, headers['content-encoding'])).toString('utf8'));
  } catch (error) {
    if (error instanceof PorchlightError) throw error;
    const code = ending.signal.aborted ? 'device_timeout' : 'service_unreachable';
    throw new PorchlightError(code, undefined, { cause: error });
  } finally {
    for (const each of cancel) each();
    ask.signal.removeEventListener('abort', leave);
  }
}

function begin({ agent, request: wish, facts }: Ask, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, target, body } = wish;
    const raw = ['Accept', 'application/json', 'Accept-Encoding', 'gzip', 'User-Agent', 'Porchlight'];
    if (body !== undefined) {
      raw.push('Content-Type', 'application/x-www-form-urlencoded');
      raw.push('Content-Length', String(Buffer.byteLength(body)));
    }
    const request = http.request({
      agent,
      method,
      path: target,
      headers: requestHeaders(raw, facts, { dropAuthorization: true }),
      setHost: false,
      signal,
    });
    request.on('error', reject);
    request.on('upgrade', (_answer, socket) => {
      socket.destroy();
      reject(new PorchlightError('bad_answer'));
    });
    request.on('response', (answer) => {
      const failure = agentFailure(answer);
      if (failure === undefined) return resolve(answer);
      answer.resume();
      reject(failure);
    });
    request.end(body);
  });
}

function wholeOf(answer: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > ANSWER_BYTES_MAX) answer.destroy(tooLong());
    });
    answer.on('end', () => resolve(Buffer.concat(chunks)));
    answer.on('error', reject);
  });
}

function unpacked(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return Promise.resolve(body);
  if (encoding !== 'gzip') {
    throw new PorchlightError('bad_answer', 'The answer is packed in a way that was not asked for');
  }
  return new Promise((resolve, reject) => {
    gunzip(body, { maxOutputLength: ANSWER_BYTES_MAX }, (error, whole) => {
      if (error === null) return resolve(whole);
      const long = 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
      reject(long ? tooLong() : new PorchlightError('bad_answer', undefined, { cause: error }));
    });
  });
}

function tooLong(): PorchlightError {
  return new PorchlightError('bad_answer', `The answer is longer than ${ANSWER_BYTES_MAX} bytes`);
}
