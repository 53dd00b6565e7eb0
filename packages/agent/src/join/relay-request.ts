import http, { type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import { ConfigError } from '../config/index.ts';
import { authorities, certificateTrouble, dialTcp, proxyFor } from '../link/index.ts';

const DEADLINE_MS = 15_000;
const ANSWER_MAX = 64 * 1024;

export interface RelayRequestOptions {
  /** PEM of the authority to trust beside the public ones. */
  readonly ca: string | undefined;
  /** Where a proxy may be named. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

export interface RelayRequest {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
}

export interface RelayAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request to the relay's HTTP API, through a proxy if the environment names one. @throws ConfigError: cause and mend */
export async function requestRelay(
  url: URL,
  request: RelayRequest,
  options: RelayRequestOptions,
): Promise<RelayAnswer> {
  try {
    return await exchange(url, request, options);
  } catch (error) {
    throw explain(error, url.origin);
  }
}

async function exchange(
  url: URL,
  { method, headers, json }: RelayRequest,
  options: RelayRequestOptions,
): Promise<RelayAnswer> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(DEADLINE_MS)]);
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const proxy = proxyFor({ host, port }, options.environment);
  const socket = await dialTcp({ host, port, proxy, timeoutMs: DEADLINE_MS, signal });
  const { promise, resolve, reject } = Promise.withResolvers<RelayAnswer>();
  const ca = options.ca === undefined ? {} : { ca: authorities(options.ca) };
  const text = json === undefined ? undefined : JSON.stringify(json);
  const about = {
    method,
    signal,
    headers: { ...headers, ...(text === undefined ? {} : { 'Content-Type': 'application/json' }) },
  };
  const sent = secure
    ? https.request(url, { ...about, agent: new https.Agent({ ...ca, socket }) })
    : http.request(url, { ...about, createConnection: () => socket });
  sent.on('error', reject);
  sent.on('response', (answer) => {
    let body = '';
    answer.setEncoding('utf8');
    answer.on('error', reject);
    answer.on('data', (chunk: string) => {
      body += chunk;
      if (body.length > ANSWER_MAX) sent.destroy(new Error('the answer is too long'));
    });
    answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
  });
  sent.end(text);
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

function explain(error: unknown, origin: string): ConfigError {
  if (error instanceof ConfigError) return error;
  const certificate = certificateTrouble(error, origin);
  if (certificate !== undefined) return certificate;
  const detail = error instanceof Error ? error.message : String(error);
  return new ConfigError(
    `${origin} cannot be reached (${detail}): check the address and this device's internet`,
    { cause: error, kind: 'unreachable' },
  );
}
