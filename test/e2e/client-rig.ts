/** For tests of the client library: a relay, a device with services of each kind, and tokens. */
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { Client, type ClientOptions } from '@porchlight/client';
import { findLoopbackNames } from '@porchlight/client/node';
import type { Grant } from '@porchlight/protocol/api';
import { startTestRelay, type TestPerson, takeWebSockets } from '@porchlight/testkit';

findLoopbackNames();

/** A web server that tells what it got, with a WebSocket that answers, and a TCP server that echoes. */
export async function startHome() {
  const seen: { method: string | undefined; url: string | undefined; authorization: string | undefined }[] =
    [];
  const web = http.createServer((req, res) => {
    const { method, url, headers } = req;
    seen.push({ method, url, authorization: headers.authorization });
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      res.writeHead(url === '/missing' ? 404 : 200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
    });
  });
  takeWebSockets(web, (path, message) => `${path} ${message}`);
  const echo = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  for (const server of [web, echo]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  const relay = await startTestRelay();
  const alice = await relay.person('alice', 'admin');
  const ports = { web: (web.address() as AddressInfo).port, echo: (echo.address() as AddressInfo).port };
  const device = await relay.device(alice, 'shed', {
    web: `http://127.0.0.1:${ports.web}`,
    echo: `tcp://127.0.0.1:${ports.echo}`,
  });
  const origin = `http://localhost:${relay.port}`;
  return {
    relay,
    alice,
    device,
    origin,
    ports,
    seen,
    client: async (grant?: Grant, options: Partial<ClientOptions> = {}) => {
      const { token } = await makeToken(alice, grant);
      return new Client({ relay: origin, token, ...options });
    },
    async close() {
      await relay.close();
      for (const server of [web, echo]) server.close();
      web.closeAllConnections();
    },
  };
}

export async function makeToken(
  person: TestPerson,
  grant?: Grant,
): Promise<{ readonly id: string; readonly token: string }> {
  const answer = await person.api('POST', '/api/me/access-tokens', { name: 'test', ...(grant && { grant }) });
  if (answer.status !== 201) throw new Error(`no token: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body);
}
