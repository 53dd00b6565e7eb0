import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from './logger.ts';
import type { RelayMetrics } from './metrics.ts';

/** Scrapers are few: more connections than this are a mistake. */
const CONNECTIONS_MAX = 32;
/** How long a scraper may take to send its request. */
const REQUEST_DEADLINE_MS = 5_000;

export interface MetricsServer {
  /** The port it got. */
  readonly port: number;
  /** Ends it with its connections. Idempotent. */
  close(): Promise<void>;
}

/**
 * Serves `GET /metrics`, and nothing else.
 * @throws the error of `listen`, for `describeListenError`
 */
export async function startMetricsServer(parts: {
  readonly metrics: RelayMetrics;
  readonly logger: Logger;
  readonly port: number;
  readonly host: string | undefined;
}): Promise<MetricsServer> {
  const { metrics, logger } = parts;
  const server = createServer((request, response) => {
    if (
      (request.method !== 'GET' && request.method !== 'HEAD') ||
      request.url?.split('?')[0] !== '/metrics'
    ) {
      response
        .writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
        .end('Metrics are at /metrics.\n');
      return;
    }
    metrics.page().then(
      (page) => response.writeHead(200, { 'content-type': metrics.contentType }).end(page),
      (error: unknown) => {
        logger.error({ error }, 'metrics page failed');
        response.writeHead(500).end();
      },
    );
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.headersTimeout = REQUEST_DEADLINE_MS;
  server.requestTimeout = REQUEST_DEADLINE_MS;
  server.on('connection', (socket) => socket.setNoDelay(true));
  server.listen({ port: parts.port, host: parts.host });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
