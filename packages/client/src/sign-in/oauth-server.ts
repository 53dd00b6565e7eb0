import { PorchlightError } from '@porchlight/protocol';
import type { Fetch } from '../api/index.ts';
import { unreachable } from '../errors/index.ts';

/** `client_id` of programs on people's own machines that are no registered app; every relay knows it. */
export const PORCHLIGHT_CLIENT_ID = 'porchlight-cli';
/** Longest wait for an answer. */
const ANSWER_MAX_MS = 20_000;

/** Which program signs in, and where. */
export interface SignInOptions {
  /** Address of the relay. */
  readonly relay: string | URL;
  /** Of a registered public app; that of programs on people's own machines when none is given. */
  readonly clientId?: string | undefined;
  /** In place of the global `fetch`. */
  readonly fetch?: Fetch | undefined;
}

/** A relay's authorization server, and the program that talks to it. */
export interface OAuthServer {
  readonly issuer: string;
  readonly clientId: string;
  readonly fetch: Fetch;
  readonly endpoints: {
    readonly authorize: string;
    readonly token: string;
    readonly device: string | undefined;
    readonly revoke: string | undefined;
  };
}

/** What an endpoint answered with an error (RFC 6749 §5.2). */
export interface OAuthFault {
  readonly error: string;
  readonly description: string | undefined;
}

/**
 * Finds the endpoints of a relay by its metadata (RFC 8414).
 * @throws PorchlightError `relay_unreachable`, `bad_answer`
 */
export async function findOAuthServer(options: SignInOptions): Promise<OAuthServer> {
  const { relay, clientId = PORCHLIGHT_CLIENT_ID, fetch: own } = options;
  const issuer = new URL(relay).origin;
  const server = {
    issuer,
    clientId,
    fetch: own ?? ((input: string, init: RequestInit) => fetch(input, init)),
  };
  const url = `${issuer}/.well-known/oauth-authorization-server`;
  const { ok, body } = await send(server, url, { method: 'GET' });
  const endpoint = (name: string): string | undefined => {
    const value = body.get(name);
    // Never to another host: codes and tokens go there.
    return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === issuer
      ? value
      : undefined;
  };
  const [authorize, token] = [endpoint('authorization_endpoint'), endpoint('token_endpoint')];
  if (!ok || body.get('issuer') !== issuer || authorize === undefined || token === undefined) {
    throw new PorchlightError('bad_answer', `What answers at ${issuer} does not let programs sign in`);
  }
  const device = endpoint('device_authorization_endpoint');
  return { ...server, endpoints: { authorize, token, device, revoke: endpoint('revocation_endpoint') } };
}

/** Sends a form; gives the members of the answer, or the error that it is. @throws PorchlightError */
export async function askOAuth(
  server: Pick<OAuthServer, 'issuer' | 'fetch' | 'clientId'>,
  url: string,
  form: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, unknown> | OAuthFault> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ client_id: server.clientId, ...form }).toString(),
  };
  const { ok, status, body } = await send(server, url, init, signal);
  if (ok) return body;
  const [error, description] = [body.get('error'), body.get('error_description')];
  if (typeof error !== 'string') throw new PorchlightError('bad_answer', `The relay answered ${status}`);
  return { error, description: typeof description === 'string' ? description.slice(0, 300) : undefined };
}

/** What becomes of an error that ends a flow. */
export function flowError({ error, description = error }: OAuthFault): PorchlightError {
  const detail = { detail: { oauth: error } };
  switch (error) {
    case 'invalid_grant':
      return new PorchlightError('token_invalid', `The sign-in has ended: ${description}`, detail);
    case 'access_denied':
      return new PorchlightError('forbidden', 'The person said no', detail);
    case 'expired_token':
      return new PorchlightError('expired', 'Nobody has answered in time: begin again', detail);
    case 'temporarily_unavailable':
    case 'server_error':
      return new PorchlightError('busy', description, detail);
    default:
      return new PorchlightError('bad_request', `The relay refused the sign-in: ${description}`, detail);
  }
}

async function send(
  { issuer, fetch }: Pick<OAuthServer, 'issuer' | 'fetch'>,
  url: string,
  init: RequestInit,
  signal?: AbortSignal,
): Promise<{ ok: boolean; status: number; body: ReadonlyMap<string, unknown> }> {
  const deadline = AbortSignal.timeout(ANSWER_MAX_MS);
  try {
    const response = await fetch(url, {
      ...init,
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    });
    const text = await response.text();
    return { ok: response.ok, status: response.status, body: parseObject(text) };
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw unreachable(issuer, cause);
  }
}

function parseObject(text: string): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  } catch {
    return new Map();
  }
}
