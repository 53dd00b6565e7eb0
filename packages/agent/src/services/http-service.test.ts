import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { compilePolicy } from '@porchlight/protocol/policy';
import { afterEach, expect, it } from 'vitest';
import { parseTarget } from '../config/target.ts';
import { HttpService } from './http-service.ts';

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

/** A service in front of a local server; gives what one request (its bytes) is answered, and what the server saw. */
async function serve(path: string, policyText = '', redirect?: (url: string) => string) {
  const seen: string[] = [];
  const see = (req: http.IncomingMessage): void => void seen.push(`${req.method} ${req.url}`);
  const local = http.createServer((req, res) => {
    see(req);
    if (redirect !== undefined) res.writeHead(301, { location: redirect(req.url ?? '') });
    req.resume().on('end', () => res.end(JSON.stringify([req.headers, req.trailers])));
  });
  local.on('upgrade', (req, socket) => {
    see(req);
    socket.destroy();
  });
  local.listen(0, '127.0.0.1');
  await once(local, 'listening');
  const { policy } = compilePolicy(policyText, () => 's3cret');
  if (policy === undefined) throw new Error('the policy of the test is wrong');
  const target = parseTarget(`http://127.0.0.1:${(local.address() as AddressInfo).port}${path}`);
  const service = new HttpService({
    name: 'web',
    settings: { target, insecureSkipVerify: false },
    gate: {
      paused: false,
      decide: (request) => policy.decide(request),
      decideConnection: (name) => policy.decideConnection(name),
    },
    audit: { request: () => undefined },
  });
  // A socket has all that a channel has.
  const door = net.createServer((socket) => service.accept(socket));
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  ends.push(
    () => local.close(),
    () => local.closeAllConnections(),
    () => door.close(),
    () => service.close(),
  );
  const ask = async (bytes: string): Promise<string> => {
    const socket = net.connect((door.address() as AddressInfo).port, '127.0.0.1');
    socket.setEncoding('latin1');
    let answer = '';
    socket.on('data', (text: string) => (answer += text));
    socket.write(bytes.replaceAll('\n', '\r\n'));
    await once(socket, 'close');
    return answer;
  };
  return { seen, ask };
}

it.each(['/../admin', '/%2e%2e/admin', '/x/..%2f..%2fadmin', '/..;/admin', '/..\\admin', '//admin'])(
  'nothing leads out of the path that is exposed: %s',
  async (path) => {
    const { ask, seen } = await serve('/app');
    expect(await ask(`GET ${path} HTTP/1.1\nHost: h\nConnection: close\n\n`)).toMatch(
      /^HTTP\/1\.1 400 [^]*ambiguous_path/,
    );
    expect(await ask(`GET ${path} HTTP/1.1\nHost: h\nConnection: Upgrade\nUpgrade: websocket\n\n`)).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    expect(seen).toEqual([]);
    await ask('GET /inside?x=/../ HTTP/1.1\nHost: h\nConnection: close\n\n');
    expect(seen).toEqual(['GET /app/inside?x=/../']);
  },
);

it('a target with a server of its own is refused, with rules and without', async () => {
  for (const policy of ['', 'service web\n default allow']) {
    const { ask, seen } = await serve('', policy);
    expect(await ask('GET http://169.254.169.254/ HTTP/1.1\nHost: h\nConnection: close\n\n')).toContain(
      ' 400 ',
    );
    expect(seen).toEqual([]);
  }
});

it('a header that names another method or path does not pass a rule, as a trailer neither', async () => {
  const { ask } = await serve('', 'service web\n allow POST /a add header X-Key=$key');
  const answer = await ask(
    'POST /a HTTP/1.1\nHost: h\nX-HTTP-Method-Override: DELETE\nX_Original_URL: /b\nX-Key: mine\nConnection: close\nTransfer-Encoding: chunked\nTrailer: X-Key\n\n0\nX-Key: mine\n\n',
  );
  expect(answer).toContain('s3cret');
  expect(answer).not.toMatch(/override|original|mine/i);
});

it('a redirect of the local server does not tell the key that the policy added', async () => {
  const { ask } = await serve('', 'service web\n allow GET /** add query apikey=$key', (url) =>
    url.replace('/feed', '/feed/'),
  );
  const answer = await ask('GET /feed?id=1 HTTP/1.1\nHost: h\nConnection: close\n\n');
  expect(answer).toMatch(/^HTTP\/1\.1 301 [^]*location: \/feed\/\?id=1\r\n/i);
  expect(answer.split('\r\n\r\n')[0]).not.toContain('s3cret');
});
