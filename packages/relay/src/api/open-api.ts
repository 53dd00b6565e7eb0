import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

/** Lets the app describe its routes as OpenAPI 3.1, from their schemas; to be called before routes are added. */
export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Porchlight relay',
        version,
        description:
          'Everything the dashboard does. Errors are problem documents (RFC 9457) with a stable `code`. Unknown keys are refused.',
      },
      components: {
        securitySchemes: {
          accessToken: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: '__Host-porchlight' },
        },
      },
      security: [{ accessToken: [] }, { session: [] }],
    },
    transform: jsonSchemaTransform,
  });
}
