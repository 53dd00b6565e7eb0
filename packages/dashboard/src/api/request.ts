import type { Problem } from '@porchlight/protocol/api';

/** Longest wait for an answer. Probing a device may take the relay's own deadline, so it is generous. */
const ANSWER_MAX_MS = 45_000;

/** The relay said no (its problem document), or could not be reached (`code` is `unreachable`, `status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: Problem['code'] | 'unreachable';
  readonly title: string;
  readonly hint: string;

  constructor(problem: Pick<Problem, 'status' | 'title' | 'detail' | 'hint'> & { code: ApiError['code'] }) {
    super(problem.detail);
    this.name = 'ApiError';
    this.status = problem.status;
    this.code = problem.code;
    this.title = problem.title;
    this.hint = problem.hint;
  }
}

type QueryValue = string | number | undefined;

interface Call {
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  readonly body?: object;
  readonly signal?: AbortSignal;
}

/** `?a=b` of the values that are there and not empty; an empty string when none is. */
export function queryString(query: Readonly<Record<string, QueryValue>> = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(key, String(value));
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
}

/** Turns a refused answer into the error to throw, whether or not it carries a problem document. */
export async function errorOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body === 'object' && body !== null && 'code' in body && 'title' in body) {
    return new ApiError(body as Problem);
  }
  return new ApiError({
    status: response.status,
    code: 'internal',
    title: `The relay answered ${response.status}`,
    detail: 'The answer is not one of Porchlight’s own; something in between may have made it.',
    hint: 'Try again in a moment; if it stays so, look at the relay’s log.',
  });
}

/** The error for a request that got no answer at all. */
export function unreachable(cause: unknown): ApiError {
  const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError';
  return new ApiError({
    status: 0,
    code: 'unreachable',
    title: timedOut ? 'The relay did not answer in time' : 'The relay cannot be reached',
    detail: timedOut ? 'The relay did not answer in time' : 'The relay cannot be reached',
    hint: 'Check your own connection, then try again.',
  });
}

/** One call of the API. `path` starts with `/api/`; ids in it are the relay's own. @throws ApiError */
export async function request<T>(method: string, path: string, call: Call = {}): Promise<T> {
  const deadline = AbortSignal.timeout(ANSWER_MAX_MS);
  let response: Response;
  try {
    response = await fetch(path + queryString(call.query), {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: call.signal ? AbortSignal.any([call.signal, deadline]) : deadline,
      headers: { accept: 'application/json', ...(call.body ? { 'content-type': 'application/json' } : {}) },
      ...(call.body ? { body: JSON.stringify(call.body) } : {}),
    });
  } catch (cause) {
    if (call.signal?.aborted) throw cause;
    throw unreachable(cause);
  }
  if (!response.ok) throw await errorOf(response);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}
