import { PorchlightError } from '@porchlight/protocol';
import type { StoredTokens } from '../tokens/token-store.ts';
import { DEFAULT_SCOPE } from './code-flow.ts';
import { askOAuth, flowError, type OAuthServer } from './oauth-server.ts';
import { isFault, tokensOf } from './token-answer.ts';

/** Time between two questions when the relay names none (RFC 8628 §3.2), and what a "slow down" adds. */
const INTERVAL_S = 5;
/** Longest interval that is believed. */
const INTERVAL_MAX_S = 60;

/** What the person is shown. */
export interface DeviceCode {
  /** To be typed at `url`. */
  readonly code: string;
  readonly url: string;
  /** With the code in it, for a QR code or a link. */
  readonly completeUrl: string | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface DeviceFlowOptions {
  readonly scope?: string | undefined;
  /** Shows the code to the person. */
  readonly onCode: (code: DeviceCode) => void;
  readonly signal?: AbortSignal | undefined;
  /** In place of waiting by the clock. */
  readonly wait?: ((ms: number) => Promise<void>) | undefined;
}

/**
 * Signs in with a code that the person types into a browser anywhere (RFC 8628). Resolves when they have answered.
 * @throws PorchlightError `forbidden` (the person said no), `expired`, and others
 */
export async function signInWithCode(server: OAuthServer, options: DeviceFlowOptions): Promise<StoredTokens> {
  const { scope = DEFAULT_SCOPE, onCode, signal, wait = pause } = options;
  const { device, token } = server.endpoints;
  if (device === undefined) throw new PorchlightError('bad_answer', 'This relay knows no sign-in by code');
  const asked = await askOAuth(server, device, { scope }, signal);
  if (isFault(asked)) throw flowError(asked);
  const text = (name: string): string | undefined => {
    const value = asked.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const [deviceCode, code, url] = [text('device_code'), text('user_code'), text('verification_uri')];
  const seconds = asked.get('expires_in');
  if (deviceCode === undefined || code === undefined || url === undefined || typeof seconds !== 'number') {
    throw new PorchlightError('bad_answer', 'The relay gave no code');
  }
  const expiresAt = Date.now() + seconds * 1000;
  onCode({ code, url, completeUrl: text('verification_uri_complete'), expiresAt });
  const named = asked.get('interval');
  let interval = Math.min(typeof named === 'number' && named > 0 ? named : INTERVAL_S, INTERVAL_MAX_S);
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: deviceCode };
  while (Date.now() < expiresAt) {
    await wait(interval * 1000);
    signal?.throwIfAborted();
    const answer = await askPatiently(server, token, form, signal);
    if (answer === undefined) continue;
    if (!isFault(answer)) return tokensOf(answer, Date.now());
    if (answer.error === 'slow_down') interval = Math.min(interval + INTERVAL_S, INTERVAL_MAX_S);
    else if (answer.error !== 'authorization_pending') throw flowError(answer);
  }
  throw flowError({ error: 'expired_token', description: undefined });
}

/** Undefined: the relay did not answer this time; it is asked again (RFC 8628 §3.5). */
async function askPatiently(
  ...[server, url, form, signal]: Parameters<typeof askOAuth>
): Promise<Awaited<ReturnType<typeof askOAuth>> | undefined> {
  try {
    return await askOAuth(server, url, form, signal);
  } catch (error) {
    if (error instanceof PorchlightError && error.code === 'relay_unreachable') return undefined;
    throw error;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
