import { PorchlightError } from '@porchlight/protocol';

/** A token of the remote API, as it is kept between two runs of a program. All of it is secret. */
export interface HueToken {
  readonly access_token: string;
  /** Gets the next token; absent when there is none. */
  readonly refresh_token?: string | undefined;
  /** End of the access token, in seconds since 1970; absent: it is used until it is refused. */
  readonly expires_at?: number | undefined;
}

/** Longest answer of the token endpoint that is read, in characters. */
const ANSWER_MAX = 64 * 1024;

/** Reads the answer of a token endpoint (RFC 6749 §5). @throws PorchlightError */
export async function readToken(response: Response, before: HueToken | undefined): Promise<HueToken> {
  const answer = await jsonOf(response);
  const text = (name: string): string | undefined => {
    const value = answer.get(name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  if (!response.ok)
    throw refusal(response.status, text('error'), text('error_description') ?? text('detail'));
  const accessToken = text('access_token');
  if (accessToken === undefined) throw new PorchlightError('bad_answer', 'The token endpoint gave no token');
  const lifetime = Number(answer.get('expires_in'));
  // A server may leave out a refresh token that stays as it is (RFC 6749 §6).
  const refreshToken = text('refresh_token') ?? before?.refresh_token;
  return {
    access_token: accessToken,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(lifetime > 0 ? { expires_at: Math.floor(Date.now() / 1000) + lifetime } : {}),
  };
}

function refusal(
  status: number,
  error: string | undefined,
  description: string | undefined,
): PorchlightError {
  const words = (description ?? error ?? `The token endpoint answered ${status}`).slice(0, 500);
  if (error === 'invalid_grant') return new PorchlightError('token_invalid', words);
  if (error === 'invalid_client' || status === 401) return new PorchlightError('wrong_credentials', words);
  if (status === 429) return new PorchlightError('too_many_requests', words);
  return new PorchlightError(status >= 500 ? 'busy' : 'bad_request', words);
}

async function jsonOf(response: Response): Promise<ReadonlyMap<string, unknown>> {
  const text = await response.text();
  try {
    const value: unknown = JSON.parse(text.slice(0, ANSWER_MAX));
    if (typeof value === 'object' && value !== null) return new Map(Object.entries(value));
  } catch {
    // Told below, with the status.
  }
  if (!response.ok) return new Map();
  throw new PorchlightError('bad_answer', 'The token endpoint did not answer with JSON');
}
