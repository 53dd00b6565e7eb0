import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import type { Clock } from '../../clock.ts';
import { ConfigError, systemErrorCode } from '../../config/index.ts';
import type { Logger } from '../../log/index.ts';
import { type Rate, Rates } from '../rates.ts';
import type { LanAnswer, LanRoute } from './lan-call.ts';
import { json, text } from './lan-call.ts';

/** A key agreement takes 400 bytes. */
const BODY_MAX = 4 * 1024;
const CONNECTIONS_MAX = 200;
/** Slow WiFi, not slow attackers. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 5_000 } as const;
const HEADERS_MAX_BYTES = 8 * 1024;
/** Of one address: a device asks every few seconds; a page that looks on, a little more often. */
const ASKING: Rate = { burst: 40, refillMs: 250 };

export interface LanHttpParts {
  readonly listen: { readonly host: string; readonly port: number };
  readonly routes: readonly LanRoute[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The base station's HTTP port on the LAN, closed to everything but its routes. @throws ConfigError: the port is taken */
export async function openLanHttp({ listen, routes, clock, logger }: LanHttpParts) {
  const rates = new Rates(ASKING, () => clock.monotonic());
  const server = http.createServer({ ...TIMEOUTS, maxHeaderSize: HEADERS_MAX_BYTES }, (req, res) => {
    answer(req, routes, rates).then(
      (given) => send(req, res, given),
      (error: unknown) => {
        logger.error({ error }, 'request on the LAN failed');
        send(req, res, text(500, 'failed; the log of the agent says why\n'));
      },
    );
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.listen(listen.port, listen.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw cannotListen(listen, systemErrorCode(error), error);
  }
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async close(): Promise<void> {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(req: IncomingMessage, routes: readonly LanRoute[], rates: Rates): Promise<LanAnswer> {
  const address = addressOf(req);
  if (!rates.take(address)) return { ...text(429, 'too often\n'), headers: { 'Retry-After': '5' } };
  const url = URL.parse(req.url ?? '/', 'http://lan.invalid');
  if (url === null) return text(400, 'no such path\n');
  const body = await readBody(req);
  if (body === undefined) return text(413, 'too large\n');
  const { method = 'GET', headers } = req;
  const { pathname: path, searchParams: query } = url;
  const call = { method, path, query, body, address, host: ownAddressFor(req), headers };
  for (const route of routes) {
    const given = await route(call);
    if (given !== undefined) return given;
  }
  return json(404, { error: 'there is nothing here' });
}

/** Of who asks. A proxy on this machine says for whom it asks; nobody else is believed. */
function addressOf(req: IncomingMessage): string {
  const direct = plain(req.socket.remoteAddress ?? '');
  if (!isLoopback(direct)) return direct;
  const forwarded = String(req.headers['x-forwarded-for'] ?? '');
  const last = plain(forwarded.split(',').at(-1)?.trim() ?? '');
  return isIP(last) === 0 ? direct : last;
}

/** Where we were reached; behind a proxy on this machine, by which name. */
function ownAddressFor(req: IncomingMessage): string {
  const own = plain(req.socket.localAddress ?? '');
  const asked = URL.parse(`http://${req.headers.host ?? ''}`)?.hostname ?? '';
  return isLoopback(own) && asked !== '' ? asked : own;
}

function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d)/i, '');
}

function isLoopback(address: string): boolean {
  return address === '127.0.0.1' || address === '::1';
}

/** Undefined: too large. */
async function readBody(req: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(req: IncomingMessage, res: ServerResponse, { status, type, body, headers }: LanAnswer): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, {
    'Content-Type': type === 'text/plain' ? 'text/plain; charset=utf-8' : type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(req.complete ? {} : { Connection: 'close' }),
    ...headers,
  });
  res.end(req.method === 'HEAD' ? undefined : body);
}

function cannotListen(
  { host, port }: LanHttpParts['listen'],
  code: string | undefined,
  cause: unknown,
): ConfigError {
  const why =
    code === 'EADDRINUSE'
      ? 'another program has that port'
      : code === 'EACCES'
        ? 'ports below 1024 are for root, or a program with CAP_NET_BIND_SERVICE'
        : String(code);
  return new ConfigError(
    `the base station cannot be reached at ${host}:${port} (${why}): set baseStation.http to another port, and let a web server that has port 80 pass /emoncms/device/auth on to it`,
    { cause },
  );
}
