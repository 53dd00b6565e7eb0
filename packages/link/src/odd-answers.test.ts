import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { forwardRequest } from './forward-request.ts';
import { endToEndHeaders } from './http-headers.ts';

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

async function listen(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A thousand interim answers (RFC 9110 §15.2) before the server's own. */
const FLOOD = `${'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(1000)}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`;

/** What an asker gets from a server that answers with these bytes. */
async function ask(bytes: string, reply = FLOOD): Promise<string> {
  const port = await listen(
    net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(Buffer.from(reply, 'latin1')));
    }),
  );
  const agent = new http.Agent();
  const onRequest = (req: http.IncomingMessage, res: http.ServerResponse): void =>
    forwardRequest(req, res, {
      agent,
      host: '127.0.0.1',
      port,
      path: req.url ?? '/',
      headers: endToEndHeaders(req.rawHeaders, () => true),
      onAnswer: (answer) => endToEndHeaders(answer.rawHeaders, () => true),
      onError: () => res.destroy(),
    });
  const server = http.createServer(onRequest);
  server.on('checkContinue', onRequest);
  const socket = net.connect(await listen(server), '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => (answer += text));
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

it('a flood of interim answers reaches nobody who did not ask', async () => {
  const answer = await ask('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

it('who waits for 100 (Continue) gets one', async () => {
  const answer = await ask(
    'POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi',
  );
  expect(answer.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200']);
});

it.each([
  ['GET', '204 No Content'],
  ['GET', '304 Not Modified'],
  ['HEAD', '200 OK'],
])('a body where none may be is left out, and the answer stands: %s, %s', async (method, status) => {
  const reply = `HTTP/1.1 ${status}\r\nX-A: b\r\nContent-Length: 6\r\n\r\npoison`;
  const answer = await ask(`${method} / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`, reply);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status}\r\nX-A: b\r\n`));
  expect(answer).not.toContain('poison');
});

it('a reason phrase that cannot be said is left out, and ends nobody', async () => {
  const reply = 'HTTP/1.1 200 a\x7f\x01b\r\nContent-Length: 2\r\n\r\nok';
  const answer = await ask('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n', reply);
  expect(answer).toMatch(/^HTTP\/1\.1 200 ?\r\n[^]*ok$/);
});
