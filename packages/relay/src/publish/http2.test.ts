import { once } from 'node:events';
import http2, {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import {
  type ScriptedOrigin,
  startScriptedOrigin,
  startTestRelay,
  type TestRelay,
} from '@porchlight/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const HOST = 'web--robot.localhost';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('visitors over HTTP/2', () => {
  let relay: TestRelay;
  let origin: ScriptedOrigin;
  let session: ClientHttp2Session;
  let port: number;

  beforeAll(async () => {
    origin = await startScriptedOrigin();
    relay = await startTestRelay();
    port = relay.relay.ports.https ?? 0;
    const owner = await relay.person('alice');
    const device = await relay.device(owner, 'robot', { web: `http://127.0.0.1:${origin.port}` });
    await owner.api('PATCH', `/api/devices/${device.id}/services/web`, { access: 'public' });
  });
  afterAll(async () => {
    await relay.close();
    origin.close();
  });
  beforeEach(async () => {
    session = http2.connect(`https://${HOST}:${port}`, {
      createConnection: () =>
        tls.connect({
          host: '127.0.0.1',
          port,
          servername: HOST,
          ALPNProtocols: ['h2'],
          rejectUnauthorized: false,
        }),
    });
    session.on('error', () => undefined);
    await once(session, 'connect');
  });
  /** Whatever one visitor did: another is served, and channels do not pile up. */
  afterEach(async () => {
    session.destroy();
    say(OK);
    expect((await relay.visit(HOST, '/after')).status).toBe(200);
  });

  function say(bytes: string): void {
    origin.answer = (heard, socket) => {
      if (heard.endsWith('\r\n\r\n')) socket.write(bytes, 'latin1');
    };
  }
  const open = (headers: OutgoingHttpHeaders = {}, body = false): ClientHttp2Stream => {
    const stream = session.request({ ':path': '/', ...headers }, { endStream: !body });
    stream.on('error', () => undefined);
    return stream;
  };
  interface Got {
    readonly headers: IncomingHttpHeaders & { ':status'?: number | undefined };
    readonly body: string;
    readonly trailers: IncomingHttpHeaders;
    readonly code: number | undefined;
  }
  const answerOf = (stream: ClientHttp2Stream): Promise<Got> =>
    new Promise((resolve) => {
      let [headers, trailers, body]: [Got['headers'], IncomingHttpHeaders, string] = [{}, {}, ''];
      stream.on('response', (fields) => {
        headers = fields;
      });
      stream.on('trailers', (fields) => {
        trailers = fields;
      });
      stream.setEncoding('latin1');
      stream.on('data', (chunk: string) => {
        body += chunk;
      });
      stream.on('close', () => resolve({ headers, trailers, body, code: stream.rstCode }));
    });
  const get = (headers: OutgoingHttpHeaders = {}): Promise<Got> => answerOf(open(headers));

  it('get what others get', async () => {
    say(OK);
    const got = await get();
    expect([got.headers[':status'], got.body, got.code]).toEqual([200, 'ok', 0]);
  });

  it('a hundred at the same time over one connection', async () => {
    say(OK);
    const all = await Promise.all(Array.from({ length: 100 }, () => get()));
    expect(all.every(({ headers, body }) => headers[':status'] === 200 && body === 'ok')).toBe(true);
  });

  it.each([
    ['ETag: a\r\nETag: b\r\n', 'etag', 'a, b'],
    ['Content-Type: a/b\r\nContent-Type: c/d\r\n', 'content-type', 'a/b, c/d'],
    ['Location: /a\r\nLocation: /b\r\n', 'location', '/a, /b'],
    ['Age: 1\r\nAge: 2\r\nX-Y: 1\r\nX-Y: 2\r\n', 'x-y', '1, 2'],
    ['Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n', 'set-cookie', ['a=1', 'b=2']],
    ['X-Bytes: \u00e9\r\n', 'x-bytes', '\u00e9'],
  ])('a local server that repeats itself does not stop the relay: %j', async (fields, name, value) => {
    say(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 0\r\n\r\n`);
    const got = await get();
    expect(got.headers[':status']).toBe(200);
    expect(got.headers[name]).toEqual(value);
  });

  it.each(['000', '099', '101', '600', '999'])('nor one that answers %s', async (status) => {
    say(`HTTP/1.1 ${status} x\r\nContent-Length: 0\r\n\r\n`);
    expect((await get()).headers[':status']).toBe(502);
  });

  it.each([
    'Connection: x-a\r\nX-A: 1\r\nKeep-Alive: 1\r\nProxy-Connection: x\r\n',
    'Upgrade: h3\r\nTE: gzip\r\nTransfer-Encoding: chunked\r\nHTTP2-Settings: x\r\n',
    'Host: x\r\n:status: 500\r\n',
  ])('nor one with fields that HTTP/2 forbids: %j', async (fields) => {
    const body = fields.includes('chunked') ? '2\r\nok\r\n0\r\n\r\n' : 'ok';
    say(
      `HTTP/1.1 200 OK\r\n${fields}${fields.includes('chunked') ? '' : 'Content-Length: 2\r\n'}\r\n${body}`,
    );
    const got = await get();
    expect([200, 502]).toContain(got.headers[':status']);
    expect(got.headers['x-a']).toBeUndefined();
  });

  it('trailers both ways, the forged ones not', async () => {
    const before = origin.heard().length;
    origin.answer = (heard, socket) => {
      if (heard.endsWith('x-sum: 1\r\n\r\n'))
        socket.write(
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-End: 1\r\nConnection: x\r\nSet-Cookie: a=1\r\nX-End: 2\r\n\r\n',
        );
    };
    const stream = session.request(
      { ':path': '/', ':method': 'POST' },
      { endStream: false, waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-porchlight-person': 'admin', 'x-sum': '1' }));
    stream.end('body');
    const got = await answerOf(stream);
    expect(got.body).toBe('ok');
    expect(Object.entries(got.trailers)).toEqual([['x-end', '1, 2']]);
    expect(origin.heard().slice(before)).not.toContain('admin');
  });

  it('each cookie in a field of its own: all arrive in one, ours in none', async () => {
    const before = origin.heard().length;
    say(OK);
    await get({ cookie: ['a=1', '__Host-porchlight-visit=SECRET', 'b=2', 'porchlight=SECRET'] });
    const heard = origin.heard().slice(before);
    expect(heard.match(/^cookie: .*$/gim)).toEqual(['Cookie: a=1; b=2']);
    expect(heard).not.toContain('SECRET');
  });

  it('forged pseudo fields and hosts lead nowhere else', async () => {
    const before = origin.heard().length;
    say(OK);
    for (const authority of [
      'localhost',
      'nobody.localhost',
      `user@${HOST}`,
      '',
      'constructor.',
      `${HOST}, x`,
    ]) {
      const { headers } = await get({ ':authority': authority, host: HOST });
      // The console has a page there, or nothing; nghttp2 itself refuses some.
      expect([200, 404, undefined], authority).toContain(headers[':status']);
    }
    expect(origin.heard().slice(before)).toBe('');
    for (const path of ['*', 'http://127.0.0.1/', '//x y', '/a b', 'x', '/\u00e9']) {
      const { headers, code } = await get({ ':path': path });
      expect([200, 400, undefined], `${path} ${code}`).toContain(headers[':status']);
    }
  });

  it('uploads of any size, with and without a length, in pieces', async () => {
    let got = 0;
    for (const length of [undefined, 3_000_000]) {
      got = 0;
      let told = false;
      origin.answer = (heard, socket) => {
        got = heard.length;
        const whole =
          length === undefined ? heard.endsWith('\r\n0\r\n\r\n') : heard.endsWith('x') && got > 3_000_000;
        if (!told && whole) {
          told = true;
          socket.write(OK);
        }
      };
      const stream = open(
        { ':method': 'PUT', ...(length === undefined ? {} : { 'content-length': length }) },
        true,
      );
      const answer = answerOf(stream);
      for (let i = 0; i < 30; i += 1) stream.write('x'.repeat(100_000));
      stream.end();
      expect((await answer).headers[':status']).toBe(200);
    }
  });

  it.each([
    [10, 'short'],
    [3, 'too long'],
    [5, ''],
  ] as const)(
    'a length of %d with %j is an error of that visitor, and no part of the next request',
    async (length, body) => {
      let sharedWithNext = false;
      origin.answer = (heard, socket) => {
        // A head that is swallowed as the rest of a body has that body before it.
        sharedWithNext ||= /(short|too l|\r\n\r\n.{1,9})GET \/next/.test(heard);
        if (heard.endsWith('\r\n\r\n')) socket.write(OK);
      };
      const stream = open({ ':method': 'POST', 'content-length': length }, true);
      const answer = answerOf(stream);
      stream.end(body);
      const { headers, code } = await answer;
      expect(
        headers[':status'] === undefined || headers[':status'] >= 400 || code !== 0,
        String(length),
      ).toBe(true);
      const before = origin.heard().length;
      expect((await relay.visit(HOST, '/next')).body).toBe('ok');
      expect(origin.heard().slice(before)).toContain('GET /next HTTP/1.1\r\n');
      expect(sharedWithNext).toBe(false);
    },
  );

  it('a stream that is aborted, before and in the middle of its answer, reaches the local server', async () => {
    const channels = (): number => relay.relay.links.openChannels();
    const before = channels();
    for (const words of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf']) {
      const { promise, resolve } = Promise.withResolvers<Socket>();
      origin.answer = (_heard, socket) => {
        if (words !== '') socket.write(words);
        resolve(socket);
      };
      const stream = open();
      stream.resume();
      const local = await promise;
      if (words !== '') await once(stream, 'response');
      const gone = local.destroyed ? Promise.resolve() : once(local, 'close');
      stream.close(8);
      await gone;
    }
    await expect.poll(channels).toBeLessThanOrEqual(before);
  });

  it('a local server that breaks off half way: the stream ends in an error, not in order', async () => {
    for (const framing of ['Content-Length: 100', 'Transfer-Encoding: chunked']) {
      origin.answer = (_heard, socket) => {
        socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n2\r\nok\r\n`, () => socket.destroy());
      };
      const got = await get();
      expect(got.code).not.toBe(0);
    }
  });

  it('a kept-alive connection that has just closed: sent once more', async () => {
    origin.answer = (heard, socket) => {
      if (heard.indexOf('\r\n\r\n') < heard.length - 4) socket.destroy();
      else socket.write(OK);
    };
    expect((await get()).body).toBe('ok');
    expect((await get()).body).toBe('ok');
  });

  it('an upload that is refused early ends, and its stream does not hold the connection', async () => {
    origin.answer = (heard, socket) => {
      if (heard.includes('PUT'))
        socket.end('HTTP/1.1 413 Too Much\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      else socket.write(OK);
    };
    const stream = open({ ':method': 'PUT' }, true);
    const answer = answerOf(stream);
    stream.write('x'.repeat(10_000));
    await once(stream, 'response');
    stream.close();
    expect((await answer).headers[':status']).toBe(413);
    expect((await get()).body).toBe('ok');
  });

  it('100 (Continue), Expect of other kinds, HEAD and CONNECT', async () => {
    origin.answer = (heard, socket) => {
      if (heard.endsWith('body\r\n0\r\n\r\n')) socket.write(OK);
      else if (heard.startsWith('PUT') && heard.endsWith('\r\n\r\n'))
        socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    };
    const stream = open({ ':method': 'PUT', expect: '100-continue' }, true);
    const answer = answerOf(stream);
    await once(stream, 'continue');
    stream.end('body');
    expect((await answer).body).toBe('ok');
    say('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n');
    const { headers, body } = await get({ ':method': 'HEAD' });
    expect([headers[':status'], headers['content-length'], body]).toEqual([200, '2', '']);
    expect((await get({ expect: 'x' })).headers[':status']).toBe(417);
    const connect = session.request({ ':method': 'CONNECT', ':authority': `${HOST}:80` });
    connect.on('error', () => undefined);
    const [refused] = await once(connect, 'response');
    expect(refused[':status']).toBeGreaterThanOrEqual(400);
    connect.close();
  });

  it('a head that is too large is refused, and the connection goes on', async () => {
    say(OK);
    const { headers, code } = await get({ 'x-big': 'x'.repeat(60_000) });
    expect(headers[':status'] === 431 || code !== 0).toBe(true);
    session.destroy();
  });
});
