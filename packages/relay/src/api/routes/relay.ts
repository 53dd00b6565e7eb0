import { relayIdentity } from '@porchlight/protocol/api';
import { z } from 'zod';
import type { Endpoints } from '../endpoint.ts';

/** What the relay tells anybody about itself. */
export function relayRoutes(endpoints: Endpoints): void {
  const { relay } = endpoints.deps;

  endpoints.open({
    method: 'GET',
    url: '/.well-known/porchlight',
    summary: 'What an agent needs to find and pin the relay.',
    answer: relayIdentity,
    run: async () => ({
      version: relay.version,
      domain: relay.domain,
      ssh: { port: relay.sshPort, hostKey: relay.hostKey, fingerprint: relay.hostKeyFingerprint },
      websocketPath: relay.websocketPath,
    }),
  });

  endpoints.open({
    method: 'GET',
    url: '/healthz',
    summary: 'Whether the relay answers.',
    answer: z.object({ status: z.literal('ok') }),
    run: async () => ({ status: 'ok' as const }),
  });

  endpoints.open({
    method: 'GET',
    url: '/api/openapi.json',
    summary: 'This description.',
    answer: z.looseObject({ openapi: z.string() }).describe('An OpenAPI 3.1 document'),
    run: async ({ request }) => ({ ...request.server.swagger(), openapi: '3.1.0' }),
  });
}
