import { parseRequestPath, RESERVED_PATH } from '@porchlight/protocol';

/**
 * First segments of paths that belong to the console, lower case: what it answers itself, the pages of the dashboard,
 * and some that it may need one day. No prefix begins with one, whether or not path routes are served there. A test
 * holds the list against what the console serves.
 */
const RESERVED: ReadonlySet<string> = new Set([
  ...['api', 'healthz', 'install', 'sign-on', 'oauth', 'oauth2', 'metrics', 'porchlight'],
  ...['assets', 'index.html', 'theme.js', 'favicon.svg', 'favicon.ico', 'robots.txt', 'sw.js'],
  ...[
    'setup',
    'sign-in',
    'sign-out',
    'devices',
    'add',
    'requests',
    'tokens',
    'accounts',
    'audit',
    'settings',
    'apps',
  ],
  ...['terminal', 'forwards', 'paths', 'login', 'logout'],
]);

/** True for a first segment that is the console's: one of the list, or any that begins with a dot. */
export function isReservedSegment(segment: string): boolean {
  return segment.startsWith('.') || RESERVED.has(segment.toLowerCase());
}

/**
 * True for a request to the console's host that the console answers itself, where path routes are served on it too;
 * the relay's own paths of published hosts (sign-on) are not among them.
 */
export function isConsolePath(target: string): boolean {
  if (target.startsWith(RESERVED_PATH)) return false;
  const path = parseRequestPath(target);
  const [first] = path.ok ? path.segments : [];
  return first === undefined || isReservedSegment(first);
}
