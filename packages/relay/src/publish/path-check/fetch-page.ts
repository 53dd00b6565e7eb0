import http, { type IncomingMessage } from 'node:http';
import { PorchlightError } from '@porchlight/protocol';
import { requestHeaders, type VisitFacts } from '../headers.ts';
import { agentFailure } from '../proxy.ts';

/** One answer, cut off at a limit. */
export interface Fetched {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Bytes as UTF-8. */
  readonly text: string;
}

/**
 * Fetches one page or file of a service through its link, as the account's own visit.
 * @param max bytes of the body that are read
 * @throws PorchlightError what the agent or the way to it says
 */
export function fetchPage(
  agent: http.Agent,
  ask: { target: string; facts: VisitFacts; max: number; signal: AbortSignal },
): Promise<Fetched> {
  return new Promise((resolve, reject) => {
    const raw = ['Accept', 'text/html, */*;q=0.8', 'Accept-Encoding', 'identity', 'User-Agent', AGENT];
    const request = http.request({
      agent,
      method: 'GET',
      path: ask.target,
      headers: requestHeaders(raw, ask.facts, { dropAuthorization: true }),
      setHost: false,
      signal: ask.signal,
    });
    const fail = (error: Error): void => {
      const late = error.name === 'AbortError' || error.name === 'TimeoutError';
      if (error instanceof PorchlightError) reject(error);
      else
        reject(
          new PorchlightError(late ? 'device_timeout' : 'service_unreachable', undefined, { cause: error }),
        );
    };
    request.on('error', fail);
    request.on('upgrade', (_answer, socket) => {
      socket.destroy();
      fail(new PorchlightError('service_unreachable'));
    });
    request.on('response', (answer) => {
      const failure = agentFailure(answer);
      if (failure !== undefined) {
        answer.resume();
        reject(failure);
        return;
      }
      const chunks: Buffer[] = [];
      let size = 0;
      const done = (): void => {
        const text = Buffer.concat(chunks).subarray(0, ask.max).toString('utf8');
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
      };
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size < ask.max) return;
        done();
        request.destroy();
      });
      answer.on('end', done);
      answer.on('error', fail);
    });
    request.end();
  });
}

const AGENT = 'Porchlight-check';
