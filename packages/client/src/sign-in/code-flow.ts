import { PorchlightError } from '@porchlight/protocol';
import type { StoredTokens } from '../tokens/token-store.ts';
import { askOAuth, flowError, type OAuthServer } from './oauth-server.ts';
import { isFault, tokensOf } from './token-answer.ts';

/** What a program may ask for when it says nothing: to use devices' services, and to come back without asking. */
export const DEFAULT_SCOPE = 'read write offline_access';

/** A sign-in that a person finishes in a browser (RFC 6749 §4.1 with PKCE, RFC 7636). */
export interface CodeFlow {
  /** To be opened in the person's browser. */
  readonly url: string;
  readonly redirectUri: string;
  /** Belongs to this sign-in alone; a page that is left in between keeps both, and calls {@link resumeCodeFlow}. */
  readonly state: string;
  readonly verifier: string;
  /**
   * Ends it with the address that the browser came back to: whole, or as the person has pasted it.
   * @throws PorchlightError `forbidden` (the person said no), `bad_request` (another sign-in's address), and others
   */
  finish(callback: string, signal?: AbortSignal): Promise<StoredTokens>;
}

/** Begins a sign-in. `redirectUri` is one that the app is registered with. Nothing is sent yet. */
export async function beginCodeFlow(
  server: OAuthServer,
  {
    redirectUri,
    scope = DEFAULT_SCOPE,
  }: { readonly redirectUri: string; readonly scope?: string | undefined },
): Promise<CodeFlow> {
  const [state, verifier] = [randomText(), randomText()];
  const url = new URL(server.endpoints.authorize);
  const parameters = {
    response_type: 'code',
    client_id: server.clientId,
    redirect_uri: redirectUri,
    scope,
    state,
    code_challenge: await challengeOf(verifier),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const flow = { redirectUri, state, verifier };
  return { ...flow, url: url.href, finish: (callback, signal) => finish(server, flow, callback, signal) };
}

/** A sign-in that a page began before the browser left it: ends it with the page's own address. */
export function resumeCodeFlow(
  server: OAuthServer,
  flow: Pick<CodeFlow, 'redirectUri' | 'state' | 'verifier'>,
): Pick<CodeFlow, 'finish'> {
  return { finish: (callback, signal) => finish(server, flow, callback, signal) };
}

async function finish(
  server: OAuthServer,
  flow: Pick<CodeFlow, 'redirectUri' | 'state' | 'verifier'>,
  callback: string,
  signal: AbortSignal | undefined,
): Promise<StoredTokens> {
  const text = callback.trim();
  if (!URL.canParse(text))
    throw new PorchlightError('bad_request', 'That is no address: paste the whole of it');
  const given = new URL(text).searchParams;
  // Somebody else's answer must not be taken for this one's (RFC 6749 §10.12), nor another server's (RFC 9207).
  const issuer = given.get('iss');
  if (given.get('state') !== flow.state || (issuer !== null && issuer !== server.issuer)) {
    throw new PorchlightError('bad_request', 'That address belongs to another sign-in: begin again');
  }
  const error = given.get('error');
  if (error !== null) throw flowError({ error, description: given.get('error_description') ?? undefined });
  const code = given.get('code');
  if (code === null) throw new PorchlightError('bad_request', 'That address has no code in it');
  const { redirectUri, verifier } = flow;
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
  const answer = await askOAuth(server, server.endpoints.token, form, signal);
  if (isFault(answer)) throw flowError(answer);
  return tokensOf(answer, Date.now());
}

/** 256 random bits in 43 characters (RFC 7636 §4.1). */
function randomText(): string {
  return base64Url(crypto.getRandomValues(new Uint8Array(32)));
}

async function challengeOf(verifier: string): Promise<string> {
  return base64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

function base64Url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
