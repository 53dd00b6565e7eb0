import type { IncomingMessage, ServerResponse } from 'node:http';
import { ownToken } from './own-token.ts';

/**
 * Pages of any origin may use the API and devices' services with a token (Fetch standard, CORS): whoever has the token
 * may do so from anywhere. Cookies never count there: `*` excludes them, and no page of another origin can do anything
 * with a session.
 */
export const BEARER_CORS: Readonly<Record<string, string>> = Object.freeze({
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': '*',
});
/** How long a browser may keep the answer to a preflight, in seconds. */
const PREFLIGHT_AGE = '600';
const FIELD_NAMES = /^[a-z0-9!#$%&'*+.^_`|~, -]{1,1000}$/i;
const METHOD = /^[A-Z]{1,20}$/;

/** True when a page of another origin asks whether it may send a token; any other preflight is a device's own affair. */
export function isBearerPreflight({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;
  const names = headers['access-control-request-headers'] ?? '';
  return names.split(',').some((name) => name.trim().toLowerCase() === 'authorization');
}

/** Yes: whether the token is any good shows when it comes. */
export function answerBearerPreflight({ headers }: IncomingMessage, res: ServerResponse): void {
  const names = headers['access-control-request-headers'] ?? '';
  const method = headers['access-control-request-method'] ?? '';
  res.writeHead(204, {
    ...BEARER_CORS,
    // `*` would not cover `Authorization`.
    'Access-Control-Allow-Headers': FIELD_NAMES.test(names) ? names : 'authorization',
    'Access-Control-Allow-Methods': METHOD.test(method) ? method : 'GET',
    'Access-Control-Max-Age': PREFLIGHT_AGE,
  });
  res.end();
}

/** The fields that an answer of the relay's own needs. */
export function corsOf({ headers }: Pick<IncomingMessage, 'headers'>): Readonly<Record<string, string>> {
  return ownToken(headers.authorization) === undefined ? {} : BEARER_CORS;
}

/** A service's answer to a request with a token: what it says of origins gives way. */
export function withBearerCors(fields: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name = '', value = ''] = [fields[i], fields[i + 1]];
    if (!name.toLowerCase().startsWith('access-control-')) out.push(name, value);
  }
  return [...out, ...Object.entries(BEARER_CORS).flat()];
}
