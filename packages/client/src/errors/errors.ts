import { ERRORS, type ErrorCode, PorchlightError } from '@porchlight/protocol';

/** Longest text that is taken from an answer for a message, in characters. */
const TEXT_MAX = 500;

/** Members of a problem document that the error has by itself (RFC 9457 §3.1). */
const OWN_MEMBERS = new Set(['type', 'title', 'status', 'detail', 'code', 'hint', 'instance']);

/** True for a code of the table of errors; a newer relay may know more of them. */
function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value);
}

/** What an answer without a code that is known is nearest to. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'not_signed_in';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 409) return 'conflict';
  if (status === 410) return 'expired';
  if (status === 413) return 'too_large';
  if (status === 429) return 'too_many_requests';
  if (status === 503) return 'busy';
  if (status >= 500) return 'bad_answer';
  return 'bad_request';
}

/**
 * The error of a problem document (RFC 9457). `detail` of the error has its further members: `offlineSince`
 * (milliseconds since 1970) with `device_offline`, `retryAfter` (seconds) with `too_many_requests`, `scope` with
 * `scope_missing`, `issues` with `bad_request`. Undefined for what is no problem document of Porchlight's.
 */
export function problemError(body: unknown, status: number): PorchlightError | undefined {
  if (typeof body !== 'object' || body === null || !('code' in body) || !('title' in body)) return undefined;
  const members = new Map<string, unknown>(Object.entries(body));
  const given = members.get('code');
  const words = members.get('detail') ?? members.get('title');
  const message = typeof words === 'string' ? words.slice(0, TEXT_MAX) : `The relay answered ${status}`;
  const detail: Record<string, unknown> = {};
  for (const [name, value] of members) if (!OWN_MEMBERS.has(name)) detail[name] = value;
  if (isErrorCode(given)) return new PorchlightError(given, message, { detail });
  return new PorchlightError(codeOfStatus(status), message, { detail: { ...detail, code: given } });
}

/**
 * The error of an answer that says no. Reads its body.
 * @param tokenSent the request had an access token: when it counts for nobody, that is what was wrong
 */
export async function errorOfResponse(response: Response, tokenSent: boolean): Promise<PorchlightError> {
  const body: unknown = await response.json().catch(() => undefined);
  const known =
    problemError(body, response.status) ??
    new PorchlightError(
      codeOfStatus(response.status),
      `The answer was ${response.status}, and not one of Porchlight's own; something in between may have made it`,
    );
  if (known.code !== 'not_signed_in' || !tokenSent) return known;
  return new PorchlightError('token_invalid', undefined, { detail: known.detail });
}

/** The error of a request that got no answer. An abort by the caller is none: it is thrown as it is. */
export function unreachable(relay: string, cause: unknown): PorchlightError {
  const timedOut = cause instanceof Error && cause.name === 'TimeoutError';
  const message = `The relay at ${relay} ${timedOut ? 'did not answer in time' : 'cannot be reached'}`;
  return new PorchlightError('relay_unreachable', message, { cause });
}
