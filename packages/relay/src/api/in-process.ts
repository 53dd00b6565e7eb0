import { randomBytes } from 'node:crypto';
import { PorchlightError } from '@porchlight/protocol';
import { problem } from '@porchlight/protocol/api';
import type { FastifyInstance } from 'fastify';
import type { Person } from '../access/index.ts';

/** Names the caller of a request that never was on a network: a random word, good for one request. */
const CALLER_HEADER = 'x-porchlight-caller';

interface Caller {
  readonly person: Person;
  readonly address: string;
}

/** Lets other ways in (SSH) use the API as HTTP does, with every rule, limit and audit entry of it. */
export class InProcessCalls {
  readonly #callers = new Map<string, Caller>();

  /** Who calls, if this request was made by {@link call}; its word is used up then. */
  callerOf(headers: Readonly<Record<string, unknown>>): Caller | undefined {
    const word = headers[CALLER_HEADER];
    if (typeof word !== 'string') return undefined;
    const caller = this.#callers.get(word);
    this.#callers.delete(word);
    return caller;
  }

  /** The body of the answer; undefined for 204. @throws PorchlightError what the API answered */
  async call(
    app: FastifyInstance,
    caller: Caller,
    request: { method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'; path: string; body?: object },
  ): Promise<unknown> {
    const word = randomBytes(32).toString('base64url');
    this.#callers.set(word, caller);
    try {
      const answer = await app.inject({
        method: request.method,
        url: request.path,
        headers: { [CALLER_HEADER]: word },
        ...(request.body === undefined ? {} : { payload: request.body }),
      });
      if (answer.statusCode === 204) return undefined;
      if (answer.statusCode < 400) return answer.json();
      const {
        code,
        detail,
        type: _type,
        title: _title,
        status: _status,
        hint: _hint,
        ...rest
      } = problem.parse(answer.json());
      throw new PorchlightError(code, detail, { detail: rest });
    } finally {
      // A request that was refused before anybody looked leaves its word.
      this.#callers.delete(word);
    }
  }
}
