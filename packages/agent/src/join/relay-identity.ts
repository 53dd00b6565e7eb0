import http from 'node:http';
import https from 'node:https';
import { type RelayIdentity, relayIdentity } from '@porchlight/protocol/api';
import { ConfigError, systemErrorCode } from '../config/index.ts';
import { authorities, dialTcp, proxyFor } from '../link/index.ts';

const DEADLINE_MS = 15_000;
const ANSWER_MAX = 64 * 1024;

/**
 * The origin in what a person typed: `relay.example`, `https://relay.example:8443/…`; plain `http:` on loopback names
 * only.
 * @throws ConfigError
 */
export function parseRelayUrl(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '') {
    throw new ConfigError(`"${text}" is no relay address: give it as https://relay.example.net`);
  }
  const loopback = /^(?:(?:.+\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !loopback) {
    throw new ConfigError(`"${text}" is not encrypted, so anybody could pose as the relay: use https://`);
  }
  return url.origin;
}

/** Asks a relay who it is. @throws ConfigError that names cause and mend */
export async function fetchRelayIdentity(
  origin: string,
  options: {
    ca: string | undefined;
    environment: Readonly<Record<string, string | undefined>>;
    signal: AbortSignal;
  },
): Promise<RelayIdentity> {
  const url = new URL('/.well-known/porchlight', origin);
  let text: string;
  try {
    text = await get(url, options);
  } catch (error) {
    throw explain(error, origin);
  }
  const parsed = relayIdentity.safeParse(jsonOf(text));
  if (!parsed.success) throw new ConfigError(`${origin} is no Porchlight relay: check the address`);
  return parsed.data;
}

async function get(
  url: URL,
  options: {
    ca: string | undefined;
    environment: Readonly<Record<string, string | undefined>>;
    signal: AbortSignal;
  },
): Promise<string> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(DEADLINE_MS)]);
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const proxy = proxyFor({ host, port }, options.environment);
  const socket = await dialTcp({ host, port, proxy, timeoutMs: DEADLINE_MS, signal });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const ca = options.ca === undefined ? {} : { ca: authorities(options.ca) };
  const request = secure
    ? https.request(url, { agent: new https.Agent({ ...ca, socket }), signal })
    : http.request(url, { createConnection: () => socket, signal });
  request.on('error', reject);
  request.on('response', (answer) => {
    let body = '';
    answer.setEncoding('utf8');
    answer.on('error', reject);
    answer.on('data', (chunk: string) => {
      body += chunk;
      if (body.length > ANSWER_MAX) request.destroy(new Error('the answer is too long'));
    });
    answer.on('end', () => {
      if (answer.statusCode === 200) resolve(body);
      else
        reject(
          new ConfigError(`${url.origin} answers ${answer.statusCode}: is this the address of the relay?`),
        );
    });
  });
  request.end();
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the schema refuses it with the right words.
    return undefined;
  }
}

const UNTRUSTED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

function explain(error: unknown, origin: string): ConfigError {
  if (error instanceof ConfigError) return error;
  const code = systemErrorCode(error);
  const options = { cause: error };
  if (UNTRUSTED.has(code)) {
    return new ConfigError(
      `the certificate of ${origin} is not from an authority that this machine trusts: give the relay's own with --ca FILE (the dashboard's "Add a device" page has it), or a public certificate to the relay`,
      options,
    );
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return new ConfigError(
      `the certificate of ${origin} is not valid now (${code}): check the clock of this device`,
      options,
    );
  }
  const detail = error instanceof Error ? error.message : String(error);
  return new ConfigError(
    `${origin} cannot be reached (${detail}): check the address and this device's internet`,
    { ...options, kind: 'unreachable' },
  );
}
