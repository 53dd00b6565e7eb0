import type { IncomingMessage, ServerResponse } from 'node:http';
import { PorchlightError, REQUEST_ID_HEADER } from '@porchlight/protocol';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { authoriseInGeneral, type Identity, type Person } from '../access/index.ts';
import { corsOf } from '../publish/index.ts';
import { newId } from '../secrets.ts';
import { addressKey, TokenBuckets } from '../token-buckets.ts';
import { refuseCrossSite } from './cross-site.ts';
import type { ApiDeps } from './deps.ts';
import { Endpoints, limitKey, NOBODY } from './endpoint.ts';
import { InProcessCalls } from './in-process.ts';
import { type EventSink, LiveEvents } from './live-events.ts';
import { describeApi } from './open-api.ts';
import { sendProblem, toPorchlightError } from './problems.ts';
import { accountRoutes } from './routes/accounts.ts';
import { appGrantRoutes } from './routes/app-grants.ts';
import { appRoutes } from './routes/apps.ts';
import { auditRoutes } from './routes/audit.ts';
import { baseStationRoutes } from './routes/base-stations.ts';
import { consentRoutes } from './routes/consents.ts';
import { deviceHistoryRoutes } from './routes/device-history.ts';
import { deviceRoutes } from './routes/devices.ts';
import { emoncmsRoutes } from './routes/emoncms.ts';
import { enrolmentRoutes } from './routes/enrolment.ts';
import { eventRoutes } from './routes/events.ts';
import { forwardRoutes } from './routes/forwards.ts';
import { linkButtonRoutes } from './routes/link-buttons.ts';
import { meRoutes } from './routes/me.ts';
import { mqttRoutes } from './routes/mqtt.ts';
import { mqttConnectionRoutes } from './routes/mqtt-connections.ts';
import { pathRoutes } from './routes/paths.ts';
import { relayRoutes } from './routes/relay.ts';
import { serviceUserRoutes } from './routes/service-users.ts';
import { serviceRoutes } from './routes/services.ts';
import { shareRoutes } from './routes/shares.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { sshKeyRoutes } from './routes/ssh-keys.ts';

/** Largest request body in bytes: the largest there is has 20 tags. */
const BODY_MAX = 64 * 1024;
/** Longest part of a path that is a parameter: a user name of 64 characters, each percent-encoded in four bytes. */
const PARAM_MAX = 64 * 12;
/** Calls of one address, whatever they are. */
const CALLS = { capacity: 1_000, refillMs: 10 };

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

export interface Api {
  /** Answers one request of node:http, or of node:http2 by its compatibility API. Never throws. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** As a request of this person over HTTP; gives the body of the answer. @throws PorchlightError what was answered */
  call(
    caller: { readonly person: Person; readonly address: string },
    request: {
      readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
      readonly path: string;
      readonly body?: object;
    },
  ): Promise<unknown>;
  /** Live events as `/api/events` gives them. @throws PorchlightError `too_many_requests` */
  watch(
    caller: { readonly person: Person; readonly identify: () => Promise<Identity> },
    open: (onEnd: () => void) => EventSink,
  ): void;
  /** Ends the event streams and stops answering. Requests under way are finished. */
  close(): Promise<void>;
}

/** True for paths that belong to {@link Api.handle}; on the console's host only. */
export function isApiPath(path: string): boolean {
  const end = path.indexOf('?');
  const plain = end < 0 ? path : path.slice(0, end);
  return (
    plain === '/api' ||
    plain.startsWith('/api/') ||
    plain === '/.well-known/porchlight' ||
    plain === '/healthz'
  );
}

/** The HTTP API, to be mounted on a listener of the relay's; it opens no port of its own. */
export async function createApi(deps: ApiDeps): Promise<Api> {
  const inProcess = new InProcessCalls();
  const { app, live } = await buildApp(deps, undefined, inProcess);
  return {
    handle: (request, response) => app.routing(request, response),
    call: (caller, request) => inProcess.call(app, caller, request),
    watch: ({ person, identify }, open) =>
      live.add(authoriseInGeneral(person, 'events:read'), identify, open),
    async close() {
      live.close();
      await app.close();
    },
  };
}

/** The Fastify app behind {@link createApi}, for tests that walk its routes. */
export async function buildApp(
  deps: ApiDeps,
  onRoute?: (this: FastifyInstance, route: { method: string | string[]; url: string }) => void,
  inProcess = new InProcessCalls(),
): Promise<{ app: FastifyInstance; live: LiveEvents }> {
  const app = fastify({
    bodyLimit: BODY_MAX,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: PARAM_MAX },
    genReqId: () => newId(),
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, toPorchlightError(error)),
  });
  if (onRoute !== undefined) app.addHook('onRoute', onRoute);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('identity');
  app.decorateRequest('address', '');
  const calls = new TokenBuckets(CALLS, deps.clock);
  app.addHook('onRequest', (request, reply) => admit(request, reply, deps, { calls, inProcess }));
  app.setErrorHandler((error, request, reply) => {
    const known = toPorchlightError(error);
    if (known.code === 'internal') deps.onError(known.cause ?? known, request.id);
    return sendProblem(reply, known);
  });
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, new PorchlightError('not_found')));
  await describeApi(app, deps.relay.version);
  const live = new LiveEvents(deps);
  const endpoints = new Endpoints(app, deps);
  for (const addRoutes of [
    relayRoutes,
    signInRoutes,
    meRoutes,
    mqttRoutes,
    mqttConnectionRoutes,
    sshKeyRoutes,
    appRoutes,
    appGrantRoutes,
    consentRoutes,
    linkButtonRoutes,
    accountRoutes,
    deviceRoutes,
    deviceHistoryRoutes,
    serviceRoutes,
    serviceUserRoutes,
    shareRoutes,
    pathRoutes,
    emoncmsRoutes,
    forwardRoutes,
    enrolmentRoutes,
    baseStationRoutes,
    auditRoutes,
  ]) {
    addRoutes(endpoints);
  }
  eventRoutes(endpoints, live);
  await app.ready();
  return { app, live };
}

/** What every request passes before its body is read: limit, origin, identity, access, the route's own limit. */
async function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  { calls, inProcess }: { calls: TokenBuckets; inProcess: InProcessCalls },
): Promise<void> {
  reply.headers({ ...HEADERS, ...corsOf(request) }).header(REQUEST_ID_HEADER, request.id);
  const caller = inProcess.callerOf(request.headers);
  request.address = caller?.address ?? deps.addressOf(request.raw);
  request.identity = NOBODY;
  take(calls, addressKey(request.address));
  const { access, limit } = request.routeOptions.config;
  if (request.is404) return;
  // A route that was added past `Endpoints` is closed.
  if (access === undefined) throw new PorchlightError('not_found');
  refuseCrossSite(request, { origin: deps.originOf(request.raw), isPublic: access === 'public' });
  request.identity =
    caller?.person ?? (await deps.identities.identify(request.headers, deps.isSecure(request.raw)));
  if (access !== 'public') authoriseInGeneral(request.identity, access);
  if (limit !== undefined) take(limit, limitKey(request));
}

function take(buckets: TokenBuckets, key: string): void {
  const wait = buckets.take(key);
  if (wait === 0) return;
  throw new PorchlightError('too_many_requests', undefined, {
    detail: { retryAfter: Math.ceil(wait / 1000) },
  });
}
