import { liveEvent } from '@porchlight/protocol/api';
import { corsOf } from '../../publish/index.ts';
import type { Endpoints } from '../endpoint.ts';
import { EventStream } from '../event-stream.ts';
import type { LiveEvents } from '../live-events.ts';

/** Headers that other answers get from Fastify, which this one bypasses. */
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

export function eventRoutes(endpoints: Endpoints, live: LiveEvents): void {
  const { deps } = endpoints;

  endpoints.guarded({
    method: 'GET',
    url: '/api/events',
    summary: 'Live events as server-sent events, one JSON object each, until the session ends.',
    action: 'events:read',
    limit: { capacity: 60, refillMs: 1_000 },
    events: liveEvent,
    run: async ({ person, request, reply }) => {
      const secure = deps.isSecure(request.raw);
      const { headers } = request;
      live.add(
        person,
        () => deps.identities.identify(headers, secure),
        (onEnd) => {
          reply.hijack();
          return new EventStream(reply.raw, { ...HEADERS, ...corsOf(request) }, onEnd);
        },
      );
    },
  });
}
