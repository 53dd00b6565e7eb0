import { SESSION_LIFE_MS } from '../accounts/index.ts';

/** With the `__Host-` prefix no other host, and no plain HTTP, can set it (RFC 6265bis §4.1.3.2). */
const SECURE_NAME = '__Host-porchlight';
/** For a console reached over plain HTTP under a loopback name. */
const PLAIN_NAME = 'porchlight';
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const HEADER_MAX = 16 * 1024;

/** The session's secret in a `Cookie` header; undefined when there is none, or more than one, or it cannot be one. */
export function consoleSecret(cookieHeader: string | undefined, secure: boolean): string | undefined {
  if (cookieHeader === undefined || cookieHeader.length > HEADER_MAX) return undefined;
  const prefix = `${secure ? SECURE_NAME : PLAIN_NAME}=`;
  const values = cookieHeader
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(prefix));
  const [value] = values;
  if (value === undefined || values.length > 1) return undefined;
  const secret = value.slice(prefix.length);
  return SECRET.test(secret) ? secret : undefined;
}

/** True if the header has a console cookie of either kind, whatever its value: the request comes from a browser. */
export function hasConsoleCookie(cookieHeader: string | undefined): boolean {
  return /(?:^|;)\s*(?:__Host-)?porchlight=/.test(cookieHeader ?? '');
}

/** A `Set-Cookie` value that keeps the secret as long as the session may last; without a secret, that removes it. */
export function setConsoleCookie(secret: string | undefined, secure: boolean): string {
  const age = secret === undefined ? 0 : Math.floor(SESSION_LIFE_MS / 1000);
  const name = secure ? SECURE_NAME : PLAIN_NAME;
  return `${name}=${secret ?? ''}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}
