import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import {
  rawExchange,
  type ScriptedOrigin,
  startScriptedOrigin,
  startTestRelay,
  type TestDevice,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const HOST = 'web--robot.localhost';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

let relay: TestRelay;
let owner: TestPerson;
let device: TestDevice;
let origin: ScriptedOrigin;

beforeAll(async () => {
  origin = await startScriptedOrigin();
  relay = await startTestRelay();
  owner = await relay.person('alice');
  device = await relay.device(owner, 'robot', { web: `http://127.0.0.1:${origin.port}` });
  const opened = await owner.api('PATCH', `/api/devices/${device.id}/services/web`, { access: 'public' });
  expect(opened.status).toBe(200);
});
afterAll(async () => {
  await relay.close();
  origin.close();
});
/** Whatever a visitor did: the next one is served, and no more channels stay open than the pool keeps. */
afterEach(async () => {
  origin.answer = (heard, socket) => {
    if (heard.endsWith('\r\n\r\n')) socket.write(OK);
  };
  const answer = await relay.visit(HOST, '/after');
  expect([answer.status, answer.body]).toEqual([200, 'ok']);
});

const head = (method: string, path: string, ...lines: string[]): string =>
  [`${method} ${path} HTTP/1.1`, `Host: ${HOST}`, ...lines, '', ''].join('\r\n');
const ask = (bytes: string | string[], enough?: (text: string) => boolean) =>
  rawExchange(relay.port, bytes, enough);
const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
/** Answers each complete head with these bytes. */
function say(bytes: string): void {
  origin.answer = (heard, socket) => {
    if (heard.endsWith('\r\n\r\n')) socket.write(bytes, 'latin1');
  };
}
const channels = (): number => relay.relay.links.openChannels();

describe('request smuggling: never reaches the device', () => {
  const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\nX-Porchlight-Person: admin\r\n\r\n';
  it.each([
    ['length and chunks', ['Content-Length: 4', 'Transfer-Encoding: chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['chunks and length', ['Transfer-Encoding: chunked', 'Content-Length: 4'], `0\r\n\r\n${SMUGGLED}`],
    ['two lengths', ['Content-Length: 0', 'Content-Length: 90'], SMUGGLED],
    ['two equal lengths', ['Content-Length: 5', 'Content-Length: 5'], `hello${SMUGGLED}`],
    ['a list of lengths', ['Content-Length: 0, 90'], SMUGGLED],
    ['a signed length', ['Content-Length: +90'], SMUGGLED],
    ['a hexadecimal length', ['Content-Length: 0x5A'], SMUGGLED],
    ['an unknown coding', ['Transfer-Encoding: xchunked'], SMUGGLED],
    ['chunked not last', ['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${SMUGGLED}`],
    ['chunked twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0\r\n\r\n${SMUGGLED}`],
    ['a space before the colon', ['Content-Length : 90'], SMUGGLED],
    ['a folded line', ['X: a', ' Content-Length: 90'], SMUGGLED],
    ['a control character', ['X: a\u0000b', 'Content-Length: 90'], SMUGGLED],
    ['a bare carriage return', ['X: a\rContent-Length: 90'], SMUGGLED],
    ['a chunk size that overflows', ['Transfer-Encoding: chunked'], `fffffffffffffffff\r\n${SMUGGLED}`],
    ['a chunk without its end', ['Transfer-Encoding: chunked'], `1\r\nab\r\n0\r\n\r\n${SMUGGLED}`],
  ])('%s', async (_name, lines, body) => {
    say(OK);
    const before = origin.heard().length;
    const { text } = await ask(head('POST', '/', ...lines) + body, (so) => so.includes('smuggled'));
    expect([0, 200, 400]).toContain(statusOf(text));
    const heard = origin.heard().slice(before);
    expect(heard).not.toMatch(/^X-Porchlight-Person/im);
    // At most as a request of its own, cleaned like any other.
    expect(heard).not.toContain('X-Porchlight-Person: admin');
  });

  it('lines that end in a bare line feed', async () => {
    const before = origin.heard().length;
    const { text } = await ask(`GET / HTTP/1.1\nHost: ${HOST}\n\n${SMUGGLED}`);
    expect([0, 400]).toContain(statusOf(text));
    expect(origin.heard().slice(before)).toBe('');
  });

  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST'])(
    'a body whose length is named hop-by-hop stays the body of its %s',
    async (method) => {
      say(OK);
      const lines = ['Connection: content-length', `Content-Length: ${SMUGGLED.length}`];
      origin.answer = (heard, socket) => {
        if (heard.endsWith(SMUGGLED)) socket.write(OK);
      };
      const before = origin.heard().length;
      await ask(head(method, '/', ...lines) + SMUGGLED, (text) => text.includes('\r\n\r\n'));
      const heard = origin.heard().slice(before);
      expect(heard).toContain(`Content-Length: ${SMUGGLED.length}`);
      // Still with the forged line: it was passed on as a body, and not read as a head.
      expect(heard).toContain('GET /smuggled HTTP/1.1\r\nHost: x\r\nX-Porchlight-Person: admin');
      expect(heard.match(/X-Porchlight-Request-Id/gi)).toHaveLength(1);
    },
  );

  it.each(['h2c', 'websocket', 'anything'])(
    'the body of an upgrade to %s is not the next request',
    async (to) => {
      origin.answer = (heard, socket) => {
        if (heard.endsWith(SMUGGLED)) socket.write(OK);
      };
      const lines = ['Connection: Upgrade', `Upgrade: ${to}`, `Content-Length: ${SMUGGLED.length}`];
      const before = origin.heard().length;
      const { text } = await ask(head('POST', '/', ...lines) + SMUGGLED, (so) => so.includes('\r\n\r\nok'));
      expect(statusOf(text)).toBe(200);
      const heard = origin.heard().slice(before);
      expect(heard).toContain(`Content-Length: ${SMUGGLED.length}`);
      expect(heard.toLowerCase()).not.toContain('upgrade:');
    },
  );

  it.each([
    ['absolute-form', `GET http://${HOST}/x HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
    ['absolute-form of another host', `GET http://127.0.0.1/x HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
    ['asterisk-form', `OPTIONS * HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
    ['CONNECT', `CONNECT ${HOST}:80 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
    ['two hosts', `GET / HTTP/1.1\r\nHost: ${HOST}\r\nHost: localhost\r\n\r\n`],
    ['two equal hosts', `GET / HTTP/1.1\r\nHost: ${HOST}\r\nhOsT: ${HOST}\r\n\r\n`],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    [
      'absolute-form upgrade',
      `GET http://127.0.0.1/x HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    ],
    [
      'reserved path as an upgrade',
      head('GET', '/.porchlight/x', 'Connection: Upgrade', 'Upgrade: websocket'),
    ],
    ['a space in the target', head('GET', '/a b')],
    ['HTTP/2 preface without TLS', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/0.9', 'GET /\r\n\r\n'],
    ['PROXY text', `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${head('GET', '/')}`],
  ])('%s is refused', async (_name, bytes) => {
    const before = origin.heard().length;
    const { text } = await ask(bytes, (so) => so.includes('\r\n\r\n'));
    expect([0, 400, 404]).toContain(statusOf(text));
    expect(origin.heard().slice(before)).toBe('');
  });
});

describe('what goes through', () => {
  const answerOf = (request: http.ClientRequest): Promise<IncomingMessage> =>
    once(request, 'response').then(([answer]) => answer as IncomingMessage);
  const request = (options: http.RequestOptions): http.ClientRequest =>
    http.request({
      ...{ host: '127.0.0.1', port: relay.port, agent: false, ...options },
      headers: { ...(options.headers as Record<string, string>), host: HOST },
    });

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nTrailer: X\r\n\r\n', 200],
    ['GET', 'HTTP/1.1 204 No Content\r\nTrailer: X\r\n\r\n', 204],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nTrailer: X\r\n\r\n', 304],
  ])('%s %s', async (method, bytes, status) => {
    say(bytes);
    const answer = await relay.visit(HOST, '/', { method });
    expect([answer.status, answer.body]).toEqual([status, '']);
    if (method === 'HEAD') expect(answer.headers['content-length']).toBe('1234');
  });

  it('ranges', async () => {
    say('HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 1-2/9\r\nContent-Length: 2\r\n\r\nbc');
    const before = origin.heard().length;
    const answer = await relay.visit(HOST, '/', { headers: { range: 'bytes=1-2', 'if-range': '"a"' } });
    expect([answer.status, answer.headers['content-range'], answer.body]).toEqual([206, 'bytes 1-2/9', 'bc']);
    expect(origin.heard().slice(before)).toMatch(/range: bytes=1-2/i);
  });

  it('a field said twice arrives twice, and an odd reason phrase as it was', async () => {
    say('HTTP/1.1 200 \u00e9t\u00e9\r\nETag: a\r\nETag: b\r\nContent-Length: 0\r\n\r\n');
    const { text } = await ask(head('GET', '/', 'Connection: close'));
    expect(text).toContain('HTTP/1.1 200 \u00e9t\u00e9\r\n');
    expect(text).toContain('ETag: a\r\nETag: b\r\n');
  });

  it('trailers both ways, without the forged ones', async () => {
    origin.answer = (heard, socket) => {
      if (heard.includes('X-Sum: 1'))
        socket.write(
          'HTTP/1.1 200 OK\r\nTrailer: X-End\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-End: yes\r\nSet-Cookie: porchlight=x\r\n\r\n',
        );
    };
    const before = origin.heard().length;
    const body =
      '3\r\nabc\r\n0\r\nX-Porchlight-Person: admin\r\nx_forwarded_for: 6.6.6.6\r\nHost: evil\r\nX-Sum: 1\r\n\r\n';
    const { text } = await ask(
      head('POST', '/', 'Transfer-Encoding: chunked', 'Trailer: X-Sum', 'Connection: close') + body,
    );
    expect(text).toContain('0\r\nX-End: yes\r\n\r\n');
    expect(text).not.toContain('porchlight=x');
    const heard = origin.heard().slice(before);
    expect(heard).toContain('0\r\nX-Sum: 1\r\n\r\n');
    expect(heard).not.toMatch(/admin|6\.6\.6\.6|evil/i);
  });

  it('a Trailer field without chunks does not stop anybody', async () => {
    say('HTTP/1.1 200 OK\r\nTrailer: X-End\r\nContent-Length: 2\r\n\r\nok');
    const { text } = await ask(head('GET', '/', 'Trailer: X', 'Connection: close'));
    expect(statusOf(text)).toBe(200);
    say('HTTP/1.1 200 OK\r\nTrailer: X-End\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n');
    const old = await ask(`GET / HTTP/1.0\r\nHost: ${HOST}\r\n\r\n`);
    expect(old.text.endsWith('\r\n\r\nok')).toBe(true);
  });

  it.each(['HTTP/1.1 000 x', 'HTTP/1.1 099 x', 'HTTP/1.1 600 x', 'HTTP/1.1 999 x', 'HTTP/1.1 101 x'])(
    'an answer %s is a failure of the service',
    async (line) => {
      say(`${line}\r\nContent-Length: 0\r\n\r\n`);
      const answer = await relay.visit(HOST, '/');
      expect([answer.status, JSON.parse(answer.body).code]).toEqual([502, 'service_unreachable']);
    },
  );

  it.each([
    '',
    'rubbish\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
    'HTTP/1.1 200',
  ])('a local server that says %j and hangs up is a failure too', async (words) => {
    origin.answer = (_heard, socket) => void socket.end(words);
    expect((await relay.visit(HOST, '/')).status).toBe(502);
  });

  it('100 (Continue): the body goes only when the device wants it', async () => {
    let got = '';
    origin.answer = (heard, socket) => {
      got = heard;
      if (heard.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      if (heard.endsWith('body')) socket.write(OK);
    };
    const upload = request({ method: 'PUT', headers: { expect: '100-continue', 'content-length': '4' } });
    upload.flushHeaders();
    await once(upload, 'continue');
    expect(got.endsWith('\r\n\r\n')).toBe(true);
    upload.end('body');
    expect((await answerOf(upload)).statusCode).toBe(200);
  });

  it('100 (Continue) refused: the answer comes, the connection ends, and nothing stays open', async () => {
    await expect.poll(channels).toBeLessThanOrEqual(2);
    const before = channels();
    for (let i = 0; i < 5; i += 1) {
      say('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n');
      const refused = await ask(head('PUT', '/', 'Expect: 100-continue', 'Content-Length: 10'));
      expect(refused.text).toMatch(/^HTTP\/1\.1 417 [^]*connection: close/i);
    }
    await expect.poll(channels).toBeLessThanOrEqual(before + 1);
    await expect.poll(origin.connections).toBeLessThanOrEqual(2);
  });

  it('an answer before the upload’s end: it comes, and a visitor who leaves leaves nothing behind', async () => {
    const before = channels();
    for (let i = 0; i < 5; i += 1) {
      origin.answer = (heard, socket) => {
        if (heard.includes('\r\n\r\n')) socket.write('HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\n\r\n');
      };
      const early = await ask(head('PUT', '/', 'Content-Length: 1000000') + 'x'.repeat(1000), (text) =>
        text.includes('\r\n\r\n'),
      );
      expect(statusOf(early.text)).toBe(413);
    }
    await expect.poll(channels).toBeLessThanOrEqual(before + 1);
    await expect.poll(origin.connections).toBeLessThanOrEqual(2);
  });

  it('each event arrives when it was said', async () => {
    let stream: Socket | undefined;
    origin.answer = (_heard, socket) => {
      stream = socket;
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
      );
    };
    const asked = request({ path: '/events' });
    asked.end();
    const answer = await answerOf(asked);
    for (const n of [1, 2, 3]) {
      stream?.write(`9\r\ndata: ${n}\n\n\r\n`);
      const [chunk] = await once(answer, 'data');
      expect(String(chunk)).toBe(`data: ${n}\n\n`);
    }
    // Who leaves is noticed at the local server.
    const gone = once(stream as Socket, 'close');
    asked.destroy();
    await gone;
  });

  it('a local server that breaks off half way cuts the visitor: with and without a length', async () => {
    for (const framing of ['Content-Length: 100', 'Transfer-Encoding: chunked']) {
      origin.answer = (_heard, socket) => {
        socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n2\r\nok\r\n`, () => socket.destroy());
      };
      const asked = request({});
      asked.end();
      const answer = await answerOf(asked);
      answer.resume();
      await once(answer, 'error');
      expect(answer.complete).toBe(false);
    }
  });

  it('a refused upgrade that breaks off half way does not leave the visitor waiting', async () => {
    origin.answer = (_heard, socket) => {
      socket.write('HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nhalf', () => socket.destroy());
    };
    const { text } = await ask(head('GET', '/', 'Connection: Upgrade', 'Upgrade: websocket'));
    expect(statusOf(text)).toBe(403);
  });

  it('a connection that closes just as it is used again: a GET is sent once more, a POST is not', async () => {
    const closing = (): void => {
      let served = 0;
      origin.answer = (heard, socket) => {
        served += 1;
        if (heard.includes('/again') && heard.indexOf('/first') >= 0) socket.destroy();
        else socket.write(OK);
      };
      void served;
    };
    closing();
    await relay.visit(HOST, '/first');
    expect((await relay.visit(HOST, '/again')).status).toBe(200);
    closing();
    await relay.visit(HOST, '/first');
    expect((await relay.visit(HOST, '/again', { method: 'POST', body: 'x' })).status).toBe(502);
  });

  it('a slow reader stops the device; nothing piles up on the way', async () => {
    let sent = 0;
    let stopped = false;
    const chunk = Buffer.alloc(64 * 1024, 'x');
    origin.answer = (_heard, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
      const pump = (): void => {
        while (!socket.destroyed) {
          sent += chunk.length;
          if (!socket.write(chunk)) {
            stopped = true;
            socket.once('drain', () => {
              stopped = false;
              pump();
            });
            return;
          }
        }
      };
      pump();
    };
    const asked = request({});
    asked.end();
    const answer = await answerOf(asked);
    answer.pause();
    // Stalled: no more is taken while the event loop turns and turns.
    let last = -1;
    let quiet = 0;
    while (quiet < 200) {
      quiet = stopped && sent === last ? quiet + 1 : 0;
      last = sent;
      await new Promise((resolve) => void setImmediate(resolve));
    }
    // Socket buffers of the kernel, the channel's window, and node's own: not the gigabyte.
    expect(sent).toBeLessThan(48 * 1024 * 1024);
    asked.destroy();
  });

  it('a head as large as the relay takes passes the agent too; a larger one is told so', async () => {
    say(OK);
    const big = await relay.visit(HOST, '/', { headers: { 'x-big': 'x'.repeat(15_500) } });
    expect(big.status).toBe(200);
    const { text } = await ask(head('GET', '/', `X-Big: ${'x'.repeat(17_000)}`));
    expect(statusOf(text)).toBe(431);
  });
});
