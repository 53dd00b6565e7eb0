import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { ConfigError } from '../config/index.ts';

/** A policy file and what goes with it fit. */
const BODY_MAX = 256 * 1024;
const COOKIE = 'porchlight_settings';

/**
 * True when the Host is an address, `localhost`, or a name of this machine. Other names are refused: a page on the
 * internet could make its own name lead here, and would then be of the same origin (DNS rebinding).
 */
export function isOwnHost(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined || host.length > 300) return false;
  const name = host
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  return (
    isIP(name) !== 0 || name === 'localhost' || names.some((own) => name === own || name === `${own}.local`)
  );
}

/** True when a change comes from the page itself, by what the browser says of it. */
export function isSameOrigin(req: IncomingMessage): boolean {
  const site = req.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  const { origin, host } = req.headers;
  if (origin === undefined) return site === 'same-origin';
  return URL.parse(origin)?.host === host;
}

/** The fields of a form (`application/x-www-form-urlencoded`). @throws ConfigError when it is another type, or too long */
export async function readForm(req: IncomingMessage): Promise<URLSearchParams> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(req.headers['content-type'] ?? '')) {
    throw new ConfigError('this page takes forms only');
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_MAX) throw new ConfigError(`a form has ${BODY_MAX / 1024} KB at most`);
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

export function sessionCookie(req: IncomingMessage): string | undefined {
  const found = new RegExp(`(?:^|;\\s*)${COOKIE}=([A-Za-z0-9_-]{43})(?:;|$)`).exec(req.headers.cookie ?? '');
  return found?.[1];
}

/** The `Set-Cookie` that begins a session, or with no secret ends it. `Secure` cannot be: the LAN has no certificate. */
export function setSessionCookie(secret: string | undefined): string {
  return `${COOKIE}=${secret ?? ''}; Path=/; HttpOnly; SameSite=Strict${secret === undefined ? '; Max-Age=0' : ''}`;
}
