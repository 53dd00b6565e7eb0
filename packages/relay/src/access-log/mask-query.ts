import { RESERVED_PATH } from '@porchlight/protocol';

const MASK = '[masked]';
/** Names of query parameters that carry secrets, in any spelling: a log is read by more people than a page. */
const SECRET_NAME =
  /token|secret|passw|passphrase|credential|authorization|signature|session|api[-_]?key|^(?:auth|code|jwt|key|pass|pwd|pw|sig|sid)$/i;
/**
 * The same inside a value, such as an address to come back to that has a query of its own. The name's end is bounded,
 * so that the time is linear in what a stranger sends.
 */
const SECRET_INSIDE =
  /(?:token|secret|passw|passphrase|credential|authorization|signature|session|api[-_]?key|[?&;#](?:auth|code|jwt|key|pass|pwd|pw|sig|sid))\w{0,100}=/i;
/** Values are decoded so often in search of one. */
const DECODINGS = 2;

/**
 * A request target or Referer with the values of secret query parameters masked, and user and password of a URL. On
 * the relay's own paths, where sign-on passes one-time codes, the whole query is.
 */
export function maskSecrets(target: string): string {
  const text = target.replace(/^([a-z][a-z0-9+.-]{0,20}:\/\/)[^/?#]*@/i, `$1${MASK}@`);
  const at = text.search(/[?#]/);
  if (at < 0) return text;
  const path = text.slice(0, at + 1);
  if (path.replace(/^[a-z]+:\/\/[^/]*/i, '').startsWith(RESERVED_PATH)) return `${path}${MASK}`;
  return path + text.slice(at + 1).replace(/[^&;?#]+/g, maskPair);
}

function maskPair(pair: string): string {
  const equals = pair.indexOf('=');
  if (equals < 0) return SECRET_INSIDE.test(decoded(pair)) ? MASK : pair;
  const name = pair.slice(0, equals);
  const secret = SECRET_NAME.test(decoded(name)) || SECRET_INSIDE.test(decoded(pair.slice(equals + 1)));
  return secret ? `${name}=${MASK}` : pair;
}

function decoded(text: string): string {
  let result = text;
  for (let i = 0; i < DECODINGS && result.includes('%'); i += 1) {
    result = result.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
  return result;
}
