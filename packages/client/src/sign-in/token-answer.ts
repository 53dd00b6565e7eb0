import { PorchlightError } from '@porchlight/protocol';
import type { StoredTokens } from '../tokens/token-store.ts';
import { askOAuth, flowError, type OAuthFault, type OAuthServer } from './oauth-server.ts';

export function isFault(answer: ReadonlyMap<string, unknown> | OAuthFault): answer is OAuthFault {
  return !(answer instanceof Map);
}

/** The tokens in a good answer of the token endpoint (RFC 6749 §5.1). @throws PorchlightError `bad_answer` */
export function tokensOf(answer: ReadonlyMap<string, unknown>, now: number): StoredTokens {
  const [accessToken, kind, seconds] = [
    answer.get('access_token'),
    answer.get('token_type'),
    answer.get('expires_in'),
  ];
  const isBearer = typeof kind === 'string' && kind.toLowerCase() === 'bearer';
  if (typeof accessToken !== 'string' || !isBearer || typeof seconds !== 'number') {
    throw new PorchlightError('bad_answer', 'The relay gave no token that can be used');
  }
  const [refreshToken, scope] = [answer.get('refresh_token'), answer.get('scope')];
  return {
    accessToken,
    expiresAt: now + seconds * 1000,
    ...(typeof refreshToken === 'string' ? { refreshToken } : {}),
    ...(typeof scope === 'string' ? { scope } : {}),
  };
}

/** Trades a refresh token in; it is good once. @throws PorchlightError `token_invalid` when only a sign-in helps */
export async function refreshTokens(
  server: OAuthServer,
  refreshToken: string,
  now: number,
): Promise<StoredTokens> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
  const answer = await askOAuth(server, server.endpoints.token, form);
  if (isFault(answer)) throw flowError(answer);
  const next = tokensOf(answer, now);
  return next.refreshToken === undefined ? { ...next, refreshToken } : next;
}

/** Ends a sign-in at the relay (RFC 7009): its tokens are good for nothing any more. */
export async function revokeTokens(server: OAuthServer, tokens: StoredTokens): Promise<void> {
  const { revoke } = server.endpoints;
  if (revoke === undefined) throw new PorchlightError('bad_answer', 'This relay has no way to sign out');
  const answer = await askOAuth(server, revoke, { token: tokens.refreshToken ?? tokens.accessToken });
  if (isFault(answer)) throw flowError(answer);
}
