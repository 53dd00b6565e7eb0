import { PorchlightError } from '@porchlight/protocol';
import { problem } from '@porchlight/protocol/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Action, ANONYMOUS, authoriseInGeneral, type Identity, type Person } from '../access/index.ts';
import { addressKey, type Rate, TokenBuckets } from '../token-buckets.ts';
import type { ApiDeps } from './deps.ts';

/** Who may call: anybody, or who may do the action to things of their own. */
export type Access = 'public' | Action;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set on every route by {@link Endpoints}. */
    access?: Access;
    /** For calls that cost more than most: how often one account, or one address without account, may call. */
    limit?: TokenBuckets | undefined;
  }
  interface FastifyRequest {
    identity: Identity;
    address: string;
  }
}

type Given<S> = S extends z.ZodType ? z.output<S> : undefined;
type Answer<S> = S extends z.ZodType ? z.output<S> : void;

/** What an endpoint's `run` gets: the parsed request, and who sent it. */
export interface Call<P, Q, B> {
  readonly params: Given<P>;
  readonly query: Given<Q>;
  readonly body: Given<B>;
  readonly address: string;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface Shape<P, Q, B, R> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** One sentence for the API's description. */
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Without one the answer is 204. */
  readonly answer?: R;
  readonly status?: 200 | 201;
  /** The answer is server-sent events of this schema; `run` takes the response over. */
  readonly events?: z.ZodType;
  readonly limit?: Rate;
}

type OpenEndpoint<P, Q, B, R> = Shape<P, Q, B, R> & {
  run(call: Call<P, Q, B>): Promise<Answer<R>>;
};

type GuardedEndpoint<P, Q, B, R> = Shape<P, Q, B, R> & {
  readonly action: Action;
  run(call: Call<P, Q, B> & { readonly person: Person }): Promise<Answer<R>>;
};

type Schema = z.ZodType | undefined;

/** Puts endpoints on the app, each with its schemas, its access and its limit. Nothing else adds routes. */
export class Endpoints {
  readonly #app: FastifyInstance;
  readonly deps: ApiDeps;

  constructor(app: FastifyInstance, deps: ApiDeps) {
    this.#app = app;
    this.deps = deps;
  }

  /** Anybody may call it. */
  open<
    P extends Schema = undefined,
    Q extends Schema = undefined,
    B extends Schema = undefined,
    R extends Schema = undefined,
  >(endpoint: OpenEndpoint<P, Q, B, R>): void {
    this.#add(endpoint, 'public', (call) => endpoint.run(call));
  }

  /** Only who may do the action in general; `run` authorises again for the object, once it has it. */
  guarded<
    P extends Schema = undefined,
    Q extends Schema = undefined,
    B extends Schema = undefined,
    R extends Schema = undefined,
  >(endpoint: GuardedEndpoint<P, Q, B, R>): void {
    this.#add(endpoint, endpoint.action, (call) =>
      endpoint.run({ ...call, person: authoriseInGeneral(call.request.identity, endpoint.action) }),
    );
  }

  #add<P extends Schema, Q extends Schema, B extends Schema, R extends Schema>(
    endpoint: Shape<P, Q, B, R>,
    access: Access,
    run: (call: Call<P, Q, B>) => Promise<Answer<R>>,
  ): void {
    const { method, url, summary, params, query, body, answer, limit } = endpoint;
    const { events } = endpoint;
    const status = events === undefined && answer === undefined ? 204 : (endpoint.status ?? 200);
    const bodyless = body === undefined;
    this.#app.route({
      method,
      url,
      config: { access, limit: limit && new TokenBuckets(limit, this.deps.clock) },
      schema: {
        summary,
        ...(access === 'public' ? { security: [] } : {}),
        ...(params === undefined ? {} : { params }),
        // Unknown keys are refused everywhere, also where none is known.
        querystring: query ?? z.strictObject({}),
        ...(bodyless ? {} : { body }),
        response: {
          [status]:
            events === undefined
              ? (answer ?? z.null().describe('Done'))
              : { description: 'Events', content: { 'text/event-stream': { schema: events } } },
          default: {
            description: 'What was wrong',
            content: { 'application/problem+json': { schema: problem } },
          },
        },
      },
      preValidation: async (request) => {
        if (bodyless && !isEmpty(request.body)) {
          throw new PorchlightError('bad_request', 'No body is expected here');
        }
      },
      handler: async (request, reply) => {
        const result = await run({
          params: request.params as Given<P>,
          query: request.query as Given<Q>,
          body: request.body as Given<B>,
          address: request.address,
          request,
          reply,
        });
        if (reply.sent) return reply;
        return reply.code(status).send(result);
      },
    });
  }
}

/** Who calls, for an endpoint's limit: the account, else the address. */
export function limitKey(request: FastifyRequest): string {
  const { identity } = request;
  return identity.kind === 'anonymous' ? `a ${addressKey(request.address)}` : `p ${identity.accountId}`;
}

/** Before anything is known of the caller. */
export const NOBODY = ANONYMOUS;

function isEmpty(body: unknown): boolean {
  if (body === undefined || body === null) return true;
  return typeof body === 'object' && Object.keys(body).length === 0;
}
