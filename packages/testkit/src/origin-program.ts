/**
 * A web server as a device might have one, as a program of its own: `node origin-program.ts [PORT]`. Says
 * `{"msg":"origin ready","http":…,"tcp":…}` on standard output; `tcp` sends back what it gets, after the client's EOF.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** What the tests ask about afterwards. */
const seen = { requests: 0, open: 0, aborted: 0, bytesOut: 0, events: 0 };

/** Repeats in the stream of bytes; a prime, so that a shifted range never looks right. */
const PATTERN = Buffer.from(Uint8Array.from({ length: 65_521 }, (_, i) => (i * 31 + (i >> 8)) & 255));

async function sendBytes(res: ServerResponse, from: number, to: number): Promise<void> {
  for (let at = from; at < to && !res.destroyed; ) {
    const start = at % PATTERN.length;
    const part = PATTERN.subarray(start, Math.min(PATTERN.length, start + (to - at)));
    at += part.length;
    seen.bytesOut += part.length;
    if (!res.write(part)) await Promise.race([once(res, 'drain'), once(res, 'close')]);
  }
  res.end();
}

/** `/bytes/SIZE`, with ranges (RFC 9110 §14). */
async function bytes(req: IncomingMessage, res: ServerResponse, size: number): Promise<void> {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(req.headers.range ?? '') ?? [];
  const from = Number(first ?? 0);
  const to = last === undefined || last === '' ? size : Number(last) + 1;
  res.writeHead(first === undefined ? 200 : 206, {
    'Content-Type': 'application/octet-stream',
    'Accept-Ranges': 'bytes',
    'Content-Length': to - from,
    ETag: `"${size}"`,
    ...(first === undefined ? {} : { 'Content-Range': `bytes ${from}-${to - 1}/${size}` }),
  });
  if (req.method === 'HEAD') res.end();
  else await sendBytes(res, from, to);
}

/** Reads a body without keeping it. */
async function count(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const hash = createHash('sha256');
  const hashed = req.headers['x-hash'] !== undefined;
  let total = 0;
  for await (const chunk of req) {
    total += (chunk as Buffer).length;
    if (hashed) hash.update(chunk as Buffer);
  }
  json(res, { bytes: total, ...(hashed ? { sha256: hash.digest('hex') } : {}), trailers: req.trailers });
}

function events(res: ServerResponse): void {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  let n = 0;
  const timer = setInterval(() => {
    n += 1;
    seen.events += 1;
    res.write(`id: ${n}\ndata: ${n}\n\n`);
  }, 50);
  res.on('close', () => clearInterval(timer));
}

/** What a hostile device page would try on its visitor's browser. */
function hostile(res: ServerResponse, domain: string): void {
  res.writeHead(200, {
    'Content-Type': 'text/html',
    'Set-Cookie': [
      'own=1; Path=/',
      `wide=1; Domain=${domain}; Path=/`,
      `dotted=1; Path=/; domain=.${domain}`,
      `__Host-porchlight=stolen; Path=/; Secure`,
      'porchlight=stolen; Path=/',
      'porchlight-visit=stolen; Path=/',
      '__Host-porchlight-visit=stolen; Path=/; Secure',
      ' porchlight =stolen; Path=/',
      'empty=1; Domain=; Path=/',
    ],
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
    'Alt-Svc': 'h3=":443"',
    'X-Porchlight-Error': 'device_offline',
    'X-Porchlight-Person': 'mallory',
    'Service-Worker-Allowed': '/',
  });
  res.end('<script>document.cookie</script>');
}

function json(res: ServerResponse, value: unknown): void {
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify(value));
}

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://origin');
  const size = /^\/bytes\/(\d+)$/.exec(pathname)?.[1];
  if (size !== undefined) return await bytes(req, res, Number(size));
  if (pathname === '/count') return await count(req, res);
  if (pathname === '/events') return events(res);
  if (pathname === '/seen') return json(res, seen);
  if (pathname === '/hostile') return hostile(res, searchParams.get('domain') ?? '');
  if (pathname === '/redirect') {
    res.writeHead(302, { Location: searchParams.get('to') ?? '/' }).end();
    return;
  }
  json(res, { method: req.method, url: req.url, headers: req.headers, pid: process.pid });
}

const server = http.createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (req, res) => {
  seen.requests += 1;
  seen.open += 1;
  res.on('close', () => {
    seen.open -= 1;
    if (!res.writableFinished) seen.aborted += 1;
  });
  answer(req, res).catch(() => res.destroy());
});
const sockets = new WebSocketServer({ server, path: '/ws' });
sockets.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
const echo = net.createServer({ allowHalfOpen: true }, (socket) => {
  const parts: Buffer[] = [];
  socket.on('error', () => socket.destroy());
  socket.on('data', (part) => parts.push(part));
  socket.on('end', () => socket.end(Buffer.concat(parts)));
});
await Promise.all([
  new Promise<void>((resolve) => server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', resolve)),
  new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve)),
]);
const portOf = (one: net.Server): number => (one.address() as AddressInfo).port;
process.stdout.write(`${JSON.stringify({ msg: 'origin ready', http: portOf(server), tcp: portOf(echo) })}\n`);
