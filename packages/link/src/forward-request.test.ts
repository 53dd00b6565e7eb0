import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forwardRequest } from './forward-request.ts';
import { endToEndHeaders } from './http-headers.ts';

let front: http.Server;
let agent: http.Agent;
let failures: Error[];
let originPort: number;
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  failures = [];
  agent = new http.Agent({ keepAlive: true });
  front = http.createServer((req, res) => forward(req, res));
  front.on('checkContinue', (req, res) => forward(req, res));
  await listen(front);
});

afterEach(async () => {
  agent.destroy();
  for (const end of ends.splice(0)) end();
});

function forward(req: IncomingMessage, res: ServerResponse): void {
  forwardRequest(req, res, {
    agent,
    host: '127.0.0.1',
    port: originPort,
    path: req.url ?? '/',
    headers: endToEndHeaders(req.rawHeaders, () => true),
    onAnswer: (answer) => endToEndHeaders(answer.rawHeaders, () => true),
    onError(error) {
      failures.push(error);
      res.writeHead(502).end(error.message);
    },
  });
}

async function listen(server: net.Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The local server; with `onSocket` it speaks no HTTP of its own accord. */
async function origin(answer: (req: IncomingMessage, res: ServerResponse) => void): Promise<http.Server> {
  const server = http.createServer(answer);
  originPort = await listen(server);
  return server;
}

async function rawOrigin(onSocket: (socket: Socket) => void): Promise<void> {
  originPort = await listen(
    net.createServer((socket) => {
      socket.on('error', () => undefined);
      onSocket(socket);
    }),
  );
}

const frontPort = (): number => (front.address() as AddressInfo).port;

/** An asker that speaks bytes. */
async function dial(): Promise<{ socket: Socket; got: () => string }> {
  const socket = net.connect({ port: frontPort(), host: '127.0.0.1', noDelay: true });
  let got = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => (got += chunk.toString('latin1')));
  ends.push(() => socket.destroy());
  await once(socket, 'connect');
  return { socket, got: () => got };
}

function ask(options: http.RequestOptions): http.ClientRequest {
  return http.request({ port: frontPort(), host: '127.0.0.1', agent: false, ...options });
}

async function answerTo(
  request: http.ClientRequest,
): Promise<{ status: number; body: Buffer; answer: IncomingMessage }> {
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 0, body: Buffer.concat(chunks), answer };
}

describe('a forwarded request', () => {
  it('keeps method, framing and body, whatever they are', async () => {
    await origin((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
        res.setHeader('x-seen', `${req.method} ${length ?? '-'} ${coding ?? '-'}`);
        res.end(Buffer.concat(chunks));
      });
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'),
        fc.constantFrom('none', 'sized', 'chunked'),
        fc.array(fc.nat(5_000), { maxLength: 5 }),
        async (method, framing, sizes) => {
          const parts = framing === 'none' ? [] : sizes.map((size) => randomBytes(size));
          const whole = Buffer.concat(parts);
          const headers: http.OutgoingHttpHeaders =
            framing === 'sized'
              ? { 'content-length': whole.length }
              : framing === 'chunked'
                ? { 'transfer-encoding': 'chunked' }
                : {};
          const request = ask({ method, path: '/x', headers });
          for (const part of parts) request.write(part);
          request.end();
          const { status, body, answer } = await answerTo(request);
          expect(status).toBe(200);
          expect(body.equals(whole)).toBe(true);
          const [seenMethod, length, coding] = String(answer.headers['x-seen']).split(' ');
          expect(seenMethod).toBe(method);
          if (framing === 'sized') expect(length).toBe(String(whole.length));
          if (framing === 'chunked') expect([length, coding]).toEqual(['-', 'chunked']);
        },
      ),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it('takes trailers along both ways', async () => {
    await origin((req, res) => {
      req.resume().on('end', () => {
        res.writeHead(200, { trailer: 'X-Sum' });
        res.write('body');
        res.addTrailers({ 'X-Sum': `saw ${req.trailers['x-check']}` });
        res.end();
      });
    });
    const request = ask({ method: 'POST', headers: { trailer: 'X-Check', 'transfer-encoding': 'chunked' } });
    request.addTrailers({ 'X-Check': '42' });
    request.end('data');
    const { answer, body } = await answerTo(request);
    expect(body.toString()).toBe('body');
    expect(answer.trailers['x-sum']).toBe('saw 42');
  });

  it('lets the local server decide about 100 (Continue)', async () => {
    const server = await origin((_req, res) => res.end());
    server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
      if (req.url === '/no') return void res.writeHead(417).end();
      res.writeContinue();
      req.resume().on('end', () => res.end('thanks'));
    });
    const headers = { expect: '100-continue', 'content-length': 4 };
    const yes = ask({ method: 'POST', path: '/yes', headers });
    yes.flushHeaders();
    await once(yes, 'continue');
    yes.end('data');
    expect((await answerTo(yes)).body.toString()).toBe('thanks');
    const no = ask({ method: 'POST', path: '/no', headers });
    no.on('error', () => undefined);
    no.flushHeaders();
    expect((await answerTo(no)).status).toBe(417);
  });

  it('is sent once more when a kept connection was closed meanwhile, if that is safe', async () => {
    let connections = 0;
    const seen: string[] = [];
    // Answers the first request of each connection, and closes at the second without a word.
    await rawOrigin((socket) => {
      connections += 1;
      let requests = 0;
      socket.on('data', (chunk: Buffer) => {
        requests += 1;
        seen.push(chunk.toString().split(' ')[0]!);
        if (requests > 1) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    expect((await answerTo(ask({ path: '/1' }).end())).status).toBe(200);
    expect((await answerTo(ask({ path: '/2' }).end())).status).toBe(200);
    expect(connections).toBe(2);
    expect(failures).toEqual([]);
    const post = await answerTo(ask({ method: 'POST', path: '/3' }).end('data'));
    expect(post.status).toBe(502);
    expect(seen.filter((method) => method === 'POST')).toHaveLength(1);
    expect(failures).toHaveLength(1);
    // And a safe one not for ever.
    await rawOrigin((socket) => socket.on('data', () => socket.destroy()));
    expect((await answerTo(ask({ path: '/4' }).end())).status).toBe(502);
  });

  it('gives the head of an answer at once, however long its body takes', async () => {
    let end: (() => void) | undefined;
    await origin((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.flushHeaders();
      end = () => res.end('data: late\n\n');
    });
    const request = ask({}).end();
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    expect(answer.headers['content-type']).toBe('text/event-stream');
    end?.();
    let body = '';
    for await (const chunk of answer) body += String(chunk);
    expect(body).toBe('data: late\n\n');
  });

  it('ends at the local server when the asker leaves, before and during the answer', async () => {
    const gone: string[] = [];
    const arrived: string[] = [];
    await origin((req, res) => {
      arrived.push(req.url ?? '');
      res.on('close', () => gone.push(req.url ?? ''));
      if (req.url === '/during') res.write('begun');
    });
    const before = ask({ path: '/before' }).end();
    before.on('error', () => undefined);
    await expect.poll(() => arrived).toContain('/before');
    before.destroy();
    await expect.poll(() => gone).toContain('/before');
    const during = ask({ path: '/during' }).end();
    during.on('error', () => undefined);
    const [answer] = (await once(during, 'response')) as [IncomingMessage];
    answer.on('error', () => undefined);
    during.destroy();
    await expect.poll(() => gone).toContain('/during');
    expect(failures).toEqual([]);
  });

  it('is cut off at the local server when the asker breaks off its upload', async () => {
    const cut = Promise.withResolvers<void>();
    await origin((req) => {
      req.on('error', () => cut.resolve());
      req.resume();
    });
    const { socket } = await dial();
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf');
    await expect.poll(() => Object.keys(agent.sockets).length).toBe(1);
    socket.destroy();
    await cut.promise;
    await expect
      .poll(() => Object.keys(agent.sockets).length + Object.keys(agent.freeSockets).length)
      .toBe(0);
  });

  it.each(['Content-Length: 100\r\n\r\nhalf', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'])(
    'is cut off at the asker when the local server breaks off after %j',
    async (rest) => {
      await rawOrigin((socket) => socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${rest}`)));
      const request = ask({}).end();
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      answer.resume();
      await expect(once(answer, 'end')).rejects.toThrow('aborted');
    },
  );

  it('an answer before the end of the upload arrives, and the upload goes on to its end', async () => {
    await origin((req, res) => {
      res.end('early');
      req.resume();
    });
    const { socket, got } = await dial();
    const size = 1024 * 1024;
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\nbegin`);
    await expect.poll(got).toContain('early');
    socket.write(Buffer.alloc(size - 5));
    socket.write('GET /next HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => got().split('early').length - 1).toBe(2);
  });

  it('what a local server refuses and closes does not hold the asker', async () => {
    await rawOrigin((socket) =>
      socket.once('data', () =>
        socket.end('HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno!'),
      ),
    );
    const { socket, got } = await dial();
    const size = 8 * 1024 * 1024;
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
    socket.write(Buffer.alloc(size / 2));
    await expect.poll(got).toContain('no!');
    expect(got()).toMatch(/^HTTP\/1\.1 413 /);
    // The rest is taken and thrown away, or the connection ends: the asker is not left hanging.
    const settled = Promise.race([
      once(socket, 'close'),
      new Promise((resolve) => socket.write(Buffer.alloc(size / 2), resolve)),
    ]);
    await settled;
  });

  it('a slow asker slows the local server down', async () => {
    let written = 0;
    await origin((_req, res) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        for (let on = true; on && !res.destroyed && written < 256 * 1024 * 1024; ) {
          written += chunk.length;
          on = res.write(chunk);
        }
      };
      res.on('drain', more);
      more();
    });
    const request = ask({}).end();
    request.on('error', () => undefined);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    answer.on('error', () => undefined);
    answer.pause();
    let before = -1;
    while (before !== written) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(written).toBeLessThan(64 * 1024 * 1024);
    request.destroy();
  });

  it('lets no two lengths and no hidden request through', async () => {
    const seen: string[] = [];
    await origin((req, res) => {
      seen.push(req.url ?? '');
      req.resume().on('end', () => res.end());
    });
    for (const head of [
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
    ]) {
      const { socket, got } = await dial();
      socket.write(head);
      await once(socket, 'close');
      expect(got()).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(seen).toEqual([]);
  });
});
