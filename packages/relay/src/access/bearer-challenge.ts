import type { PorchlightError } from '@porchlight/protocol';

/**
 * `WWW-Authenticate` of an answer to a program (RFC 6750 §3): what is wrong with the token that it sent, if it sent one.
 * Undefined: the error is about something else.
 */
export function bearerChallenge(error: PorchlightError, sentToken: boolean): string | undefined {
  const challenge = 'Bearer realm="porchlight"';
  if (error.code === 'scope_missing') {
    const { scope } = error.detail;
    const wanted = typeof scope === 'string' && /^[a-z]+$/.test(scope) ? `, scope="${scope}"` : '';
    return `${challenge}, error="insufficient_scope"${wanted}`;
  }
  if (error.status !== 401) return undefined;
  return sentToken ? `${challenge}, error="invalid_token"` : challenge;
}
