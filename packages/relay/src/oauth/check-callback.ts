import { PorchlightError } from '@porchlight/protocol';

const LOOPBACK_HOSTS = new Set(['127.0.0.1', '[::1]', 'localhost']);
/** A private-use scheme is the reverse of a domain name that the app's maker has (RFC 8252 §7.1): it has a dot. */
const PRIVATE_SCHEME = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:$/;

/**
 * An address that codes are sent to, as it is to be registered: `https`, `http` on a loopback host, or a private-use
 * scheme. It is compared as text (RFC 9700 §4.1.3), but for the port of a loopback host, so it has to be written in its
 * normal form, and has no fragment (RFC 6749 §3.1.2), no user and no wildcard.
 * @throws PorchlightError `bad_request` that names the fault
 */
export function checkCallback(callback: string): string {
  const fault = faultOf(callback);
  if (fault === undefined) return callback;
  throw new PorchlightError('bad_request', `The callback ${JSON.stringify(callback.slice(0, 100))} ${fault}`);
}

/** The callbacks of one app, each once. @throws PorchlightError `bad_request` */
export function checkCallbacks(callbacks: readonly string[]): string[] {
  const checked = [...new Set(callbacks.map(checkCallback))];
  const urls = checked.map((callback) => new URL(callback));
  const onLoopback = urls.some(
    ({ protocol, hostname }) => protocol === 'https:' && LOOPBACK_HOSTS.has(hostname),
  );
  if (onLoopback && urls.some(({ protocol }) => protocol !== 'https:')) {
    throw new PorchlightError(
      'bad_request',
      'An app with a callback at https://localhost has no other kind of callback: register another app for those',
    );
  }
  return checked;
}

/** Whether any port of this callback's host will do (RFC 8252 §7.3), and it comes back to a program on the person's machine. */
export function isNative(callback: string): boolean {
  return !callback.startsWith('https:');
}

function faultOf(callback: string): string | undefined {
  if (!/^[\x21-\x7e]+$/.test(callback)) return 'has characters that no address has';
  if (callback.includes('#')) return 'has a fragment';
  if (callback.includes('*')) return 'has a wildcard: register each address';
  if (callback.includes('\\')) return 'has a backslash';
  const url = URL.parse(callback);
  if (url === null) return 'is no address';
  if (url.username !== '' || url.password !== '') return 'has a user name';
  const isHttp = url.protocol === 'https:' || url.protocol === 'http:';
  if (url.protocol === 'http:' && !LOOPBACK_HOSTS.has(url.hostname)) {
    return 'is not https; only http://127.0.0.1 and http://[::1] need no TLS';
  }
  if (!isHttp && !PRIVATE_SCHEME.test(url.protocol)) {
    return 'is neither https nor of a scheme of its own with a dot, such as com.example.app:/callback';
  }
  const written =
    isHttp && url.pathname === '/' && url.search === '' ? `${callback.replace(/\/$/, '')}/` : callback;
  return url.href === written ? undefined : `is not in its normal form, ${url.href.slice(0, 200)}`;
}
