import { PorchlightError, parseRequestPath } from '@porchlight/protocol';

/** What a request to the remote API is at the bridge. */
export interface BridgeRequest {
  /** `press`: the remote link button; `register`: a new user name; `pass`: anything else. */
  readonly kind: 'press' | 'register' | 'pass';
  /** Request target at the bridge. */
  readonly target: string;
}

/** `/bridge/<user>/<rest>` and `/route/api/<user>/<rest>`; in the place of the user, 0 is the cloud itself. */
const PREFIX = /^\/(?:bridge|route\/api)(?=\/|$)/;

/**
 * Reads a request of the remote API; undefined for a path that is none of it.
 * @throws PorchlightError `ambiguous_path`
 */
export function parseBridgeRequest(method: string, target: string): BridgeRequest | undefined {
  const parsed = parseRequestPath(target);
  if (!parsed.ok) throw new PorchlightError('ambiguous_path', `It is refused here: ${parsed.reason}`);
  const prefix = PREFIX.exec(parsed.path)?.[0];
  if (prefix === undefined) return undefined;
  const rest = parsed.path.slice(prefix.length).replace(/\/$/, '');
  const query = parsed.query === undefined ? '' : `?${parsed.query}`;
  const local = { target: `/api${rest}${query}` };
  const [user, ...more] = parsed.segments.slice(prefix === '/bridge' ? 1 : 2);
  if (user === undefined) return { kind: method === 'POST' ? 'register' : 'pass', ...local };
  const press = method === 'PUT' && user === '0' && more.length === 1 && more[0] === 'config';
  return { kind: press ? 'press' : 'pass', ...local };
}
