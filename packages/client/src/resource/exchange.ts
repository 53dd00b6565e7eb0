import { PorchlightError } from '@porchlight/protocol';
import { errorOfResponse } from '../errors/index.ts';
import { errorList } from './resource-error.ts';

/** Anything that fetches: the global `fetch`, or that of a device's service. */
export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** Longest answer that is read, in bytes. A bridge that has everything says it in 200 KB. */
const ANSWER_MAX = 16 * 1024 * 1024;
/** Longest wait for an answer, unless the call gives a signal of its own. */
const ANSWER_MAX_MS = 60_000;

/** What a resource is read and written with. */
export interface Exchange {
  readonly fetch: Fetch;
  readonly headers: Readonly<Record<string, string>>;
  /** The error that an answer stands for; undefined: it is a good one. */
  readonly errorOf: (answer: unknown) => Error | undefined;
}

export interface ResourceRequest {
  readonly url: string;
  readonly method: string;
  readonly body: unknown;
  readonly signal: AbortSignal | undefined;
}

export function createExchange(given: Partial<Exchange>): Exchange {
  return {
    fetch: given.fetch ?? ((input, init) => fetch(input, init)),
    headers: { accept: 'application/json', ...given.headers },
    errorOf: given.errorOf ?? errorList,
  };
}

/**
 * Sends one request and reads the JSON that comes back; undefined when none does.
 * @throws ResourceError; PorchlightError for an HTTP error or an answer that is no JSON; what `fetch` throws
 */
export async function exchange(
  { fetch, headers, errorOf }: Exchange,
  { url, method, body, signal }: ResourceRequest,
): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    signal: signal ?? AbortSignal.timeout(ANSWER_MAX_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw await errorOfResponse(response, 'authorization' in headers);
  const text = await readText(response);
  if (text.trim() === '') return undefined;
  const answer = parse(text);
  const error = errorOf(answer);
  if (error !== undefined) throw error;
  return answer;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PorchlightError('bad_answer', 'The answer is no JSON', { cause });
  }
}

async function readText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = '';
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.byteLength;
    if (length > ANSWER_MAX) {
      await reader.cancel();
      throw new PorchlightError('bad_answer', `The answer is larger than ${ANSWER_MAX / 2 ** 20} MB`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
