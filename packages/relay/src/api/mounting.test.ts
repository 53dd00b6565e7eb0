import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { FakeClock } from '@porchlight/testkit';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStores, type Stores } from '../storage/index.ts';
import { createRig, ORIGIN, type Rig } from './api-rig.ts';
import { type Api, createApi, isApiPath } from './create-api.ts';

let stores: Stores;
let rig: Rig;
let api: Api;
let clock: FakeClock;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  stores = await openStores({ kind: 'sqlite', file: ':memory:' });
  clock = new FakeClock();
  rig = await createRig({ stores, clock });
  api = await createApi(rig.deps);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await api.close();
  await rig.close();
  await stores.close();
  expect(rig.errors).toEqual([]);
});

async function listenHttp1(): Promise<number> {
  const server = createServer((request, response) => api.handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

test('answers over node:http', async () => {
  const base = `http://127.0.0.1:${await listenHttp1()}`;
  const me = await fetch(`${base}/api/me`, { headers: { cookie: rig.cookieOf('bob') } });
  expect(await me.json()).toMatchObject({ account: { name: 'bob' } });
  const made = await fetch(`${base}/api/enrolment-tokens`, {
    method: 'POST',
    headers: { cookie: rig.cookieOf('bob'), origin: ORIGIN, 'content-type': 'application/json' },
    body: JSON.stringify({ note: 'fleet' }),
  });
  expect([made.status, ((await made.json()) as { token: string }).token]).toEqual([
    201,
    expect.stringMatching(/^ple_[\w-]{43}$/),
  ]);
  const missing = await fetch(`${base}/api/nothing`);
  expect([missing.status, missing.headers.get('content-type'), await missing.json()]).toEqual([
    404,
    'application/problem+json',
    expect.objectContaining({ code: 'not_found', status: 404 }),
  ]);
});

test('answers over the compatibility API of node:http2, streams too', async () => {
  const server = createHttp2Server((request, response) =>
    api.handle(request as unknown as IncomingMessage, response as unknown as ServerResponse),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closers.push(async () => {
    session.destroy();
    server.close();
    await once(server, 'close');
  });
  async function ask(headers: Record<string, string>, body?: string) {
    const stream = session.request({ cookie: rig.cookieOf('bob'), ...headers });
    stream.end(body);
    const [answer] = (await once(stream, 'response')) as [Record<string, string | number>];
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return { status: answer[':status'], type: answer['content-type'], body: text };
  }
  expect(JSON.parse((await ask({ ':path': '/api/me' })).body)).toMatchObject({ account: { name: 'bob' } });
  const posted = { ':method': 'POST', ':path': '/api/enrolment-tokens', 'content-type': 'application/json' };
  expect((await ask({ ...posted, origin: ORIGIN }, '{"uses":3}')).status).toBe(201);
  expect((await ask({ ...posted, origin: 'https://evil.example' }, '{}')).status).toBe(403);
  expect(await ask({ ':path': '/api/nothing' })).toMatchObject({
    status: 404,
    type: 'application/problem+json',
  });

  const events = session.request({ ':path': '/api/events', cookie: rig.cookieOf('bob') });
  const [started] = (await once(events, 'response')) as [Record<string, string>];
  expect(started['content-type']).toContain('text/event-stream');
  const id = await rig.addDevice('bob', 'box');
  rig.deps.events.publish({ type: 'device-changed', accountId: rig.idOf('bob'), deviceId: id });
  let seen = '';
  for await (const chunk of events) {
    seen += String(chunk);
    if (seen.includes('"name":"box"')) break;
  }
  expect(seen).toContain('data: {"type":"device"');
});

test('a body beyond 64 KB, a body that is no JSON and one of another type are refused in words', async () => {
  const base = `http://127.0.0.1:${await listenHttp1()}`;
  const post = async (body: string, type = 'application/json') => {
    const answer = await fetch(`${base}/api/sign-in`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    return (await answer.json()) as { status: number; code: string; detail: string };
  };
  expect(await post(`{"name":"${'x'.repeat(65 * 1024)}"}`)).toMatchObject({ status: 413, code: 'too_large' });
  expect(await post('{"name":')).toMatchObject({ status: 400, code: 'bad_request' });
  expect(await post('name=bob', 'application/x-www-form-urlencoded')).toMatchObject({ code: 'bad_request' });
  expect(await post('{"name":"bob","password":"x","admin":true}')).toMatchObject({
    code: 'bad_request',
    detail: expect.stringContaining('admin'),
  });
  expect(await post('{"__proto__":{"name":"bob"}}')).toMatchObject({ code: 'bad_request' });
  expect(await post('')).toMatchObject({ code: 'bad_request' });
});

test('unknown query keys and unexpected bodies are refused', async () => {
  for (const url of [
    '/api/me?as=ann',
    '/api/devices?owner=x',
    '/api/devices?limit=501',
    '/healthz?x',
    '/api/audit?cursor=-1',
  ]) {
    const answer = await rig.call('bob', 'GET', url);
    expect([url, answer.statusCode, answer.json().code]).toEqual([url, 400, 'bad_request']);
  }
  expect((await rig.call('bob', 'POST', '/api/me/sessions/end-others', { id: 'x' })).statusCode).toBe(400);
  expect((await rig.call('bob', 'POST', '/api/me/sessions/end-others', {})).statusCode).toBe(204);
});

test('two hundred rubbish requests over real sockets leave it serving', async () => {
  const port = await listenHttp1();
  const known = rig.routes.map(({ url }) => url);
  const rubbish = fc.record({
    method: fc.oneof(
      fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS', 'HEAD'),
      fc.string({ maxLength: 8 }),
    ),
    path: fc.oneof(
      fc.constantFrom(...known),
      fc.constantFrom(
        '/api/devices/..%2f',
        '/api/%',
        '/api/devices/%00',
        '//',
        '*',
        '/api/devices?%',
        '/api/devices?limit[]=1&limit=2',
      ),
      fc.string({ maxLength: 60 }).map((text) => `/api/${text}`),
      fc.webPath().map((path) => `/api/devices${path}`),
    ),
    headers: fc.array(
      fc.tuple(
        fc.constantFrom(
          'Content-Type',
          'Cookie',
          'Authorization',
          'Origin',
          'Content-Length',
          'Transfer-Encoding',
          'Host',
          'Expect',
          'X-Odd',
        ),
        fc.oneof(
          fc.string({ maxLength: 40 }),
          fc.constantFrom(
            'application/json',
            'chunked',
            '-1',
            '99999999',
            'Bearer plt_',
            'constructor',
            rig.cookieOf('bob'),
          ),
        ),
      ),
      { maxLength: 5 },
    ),
    body: fc.oneof(fc.json({ maxDepth: 3 }), fc.string({ maxLength: 200 }), fc.constant('['.repeat(5_000))),
  });
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(rubbish, async ({ method, path, headers, body }) => {
      sent += 1;
      const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      await throwAt(port, `${method} ${path} HTTP/1.1\r\nHost: relay.example\r\n${lines}\r\n${body}`);
    }),
    { numRuns: 200, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true },
  );
  expect(sent).toBeGreaterThanOrEqual(200);
  const base = `http://127.0.0.1:${port}`;
  expect((await fetch(`${base}/healthz`)).status).toBe(200);
  const me = await fetch(`${base}/api/me`, { headers: { cookie: rig.cookieOf('bob') } });
  expect(me.status).toBe(200);
});

/** Sends bytes, ends, and waits until the other side is done with them. */
async function throwAt(port: number, bytes: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: false });
  socket.on('error', () => socket.destroy());
  const closed = once(socket, 'close');
  socket.resume();
  socket.end(bytes);
  // An event stream that the rubbish happened to open would go on for ever.
  socket.once('data', () => setImmediate(() => socket.destroy()));
  await closed;
}

test('knows which paths are its own', () => {
  for (const path of ['/api', '/api/', '/api/me?x', '/healthz', '/healthz?x', '/.well-known/porchlight']) {
    expect([path, isApiPath(path)]).toEqual([path, true]);
  }
  for (const path of ['/', '/apix', '/API/me', '/healthz/x', '/devices?next=/api/me', '//api/me']) {
    expect([path, isApiPath(path)]).toEqual([path, false]);
  }
});

test('describes itself as OpenAPI 3.1, every route with its schemas', async () => {
  const answer = await rig.call(undefined, 'GET', '/api/openapi.json');
  const document = answer.json();
  expect(document.openapi).toBe('3.1.0');
  const paths = new Set(rig.routes.map(({ url }) => url.replace(/:(\w+)/g, '{$1}')));
  expect(new Set(Object.keys(document.paths))).toEqual(paths);
  const patch = document.paths['/api/devices/{id}'].patch;
  expect(patch.requestBody.content['application/json'].schema.properties.name).toBeDefined();
  expect(patch.responses['200'].content['application/json'].schema.properties.link).toBeDefined();
  expect(patch.responses.default.content['application/problem+json']).toBeDefined();
  expect(document.paths['/api/events'].get.responses['200'].content['text/event-stream']).toBeDefined();
});
