import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forwardUpgrade } from './forward-upgrade.ts';
import { endToEndHeaders } from './http-headers.ts';

let front: http.Server;
let agent: http.Agent;
let originPort: number;
let failures: Error[];
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  failures = [];
  agent = new http.Agent({ keepAlive: true });
  front = http.createServer((_req, res) => res.writeHead(400).end());
  front.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    forwardUpgrade(req, socket, head, {
      agent,
      host: '127.0.0.1',
      port: originPort,
      path: req.url ?? '/',
      headers: endToEndHeaders(req.rawHeaders, () => true),
      onAnswer: (answer) => endToEndHeaders(answer.rawHeaders, () => true),
      onError(error) {
        failures.push(error);
        socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n');
      },
    });
  });
  await listen(front);
});

afterEach(() => {
  agent.destroy();
  for (const end of ends.splice(0)) end();
});

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

/** The local server, in bytes. Resolves to its end of the connection. */
async function origin(answer: (socket: Socket, head: string) => void): Promise<void> {
  originPort = await listen(
    net.createServer((socket) => {
      socket.on('error', () => undefined);
      let head = '';
      const onData = (chunk: Buffer): void => {
        head += chunk.toString('latin1');
        if (!head.includes('\r\n\r\n')) return;
        socket.off('data', onData).pause();
        answer(socket, head);
      };
      socket.on('data', onData);
    }),
  );
}

const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Own: yes\r\n\r\n';

async function upgrade(behind = ''): Promise<{ socket: Socket; got: () => string }> {
  const { port } = front.address() as AddressInfo;
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  let got = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => (got += chunk.toString('latin1')));
  ends.push(() => socket.destroy());
  socket.write(`GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n${behind}`);
  return { socket, got: () => got };
}

describe('a forwarded upgrade', () => {
  it('joins both ends, with what stood behind either head, and ends them together', async () => {
    let seen = '';
    await origin((socket, head) => {
      seen = head;
      socket.write(`${SWITCH}first from there|`);
      const [, early = ''] = head.split('\r\n\r\n');
      socket.write(early);
      socket.pipe(socket);
    });
    const { socket, got } = await upgrade('first from here|');
    await expect.poll(got).toMatch(/\r\n\r\nfirst from there\|first from here\|$/);
    expect(got()).toMatch(/^HTTP\/1\.1 101 /);
    expect(got()).toContain('X-Own: yes');
    expect(seen).toMatch(/Upgrade: echo/);
    socket.end('last');
    await once(socket, 'close');
    expect(got()).toMatch(/last$/);
    expect(Object.keys(agent.sockets)).toEqual([]);
  });

  it('gives any other answer as it is, and ends with it', async () => {
    await origin((socket) => socket.write('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno'));
    const { socket, got } = await upgrade();
    await once(socket, 'end');
    expect(got()).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n[^]*Connection: close\r\n\r\nno$/);
    socket.end();
  });

  it('ends when such an answer is cut off half way', async () => {
    await origin((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf'));
    const { socket } = await upgrade();
    await once(socket, 'end');
  });

  it.each([
    ['closes', (socket: Socket) => socket.end()],
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
    ['talks nonsense', (socket: Socket) => socket.write('nonsense\r\n\r\n')],
  ])('says so when the local server %s', async (_what, behave) => {
    await origin(behave);
    const { socket, got } = await upgrade();
    await once(socket, 'end');
    expect(got()).toMatch(/^HTTP\/1\.1 502 /);
    expect(failures).toHaveLength(1);
    socket.end();
  });

  it('ends at the local server when the asker leaves before the answer', async () => {
    const arrived = Promise.withResolvers<Socket>();
    await origin((socket) => arrived.resolve(socket));
    const { socket } = await upgrade();
    const local = await arrived.promise;
    const closed = once(local, 'close');
    local.resume();
    socket.destroy();
    await closed;
    expect(failures).toEqual([]);
  });

  it('keeps what the asker sends before the answer, in order', async () => {
    const arrived = Promise.withResolvers<Socket>();
    await origin((socket) => arrived.resolve(socket));
    const { socket, got } = await upgrade('one ');
    const local = await arrived.promise;
    socket.write('two ');
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write('x'.repeat(300_000));
    local.write(SWITCH);
    await expect.poll(got).toContain('101');
    let heard = '';
    local.on('data', (chunk: Buffer) => (heard += chunk.toString())).resume();
    socket.write(' end');
    await expect.poll(() => heard.length).toBe(300_012);
    expect(heard).toMatch(/^one two x+ end$/);
  });

  it.each(['asker', 'local server'])('is cut at both ends when the %s is cut', async (who) => {
    const arrived = Promise.withResolvers<Socket>();
    await origin((socket) => {
      socket.write(SWITCH);
      arrived.resolve(socket);
    });
    const { socket, got } = await upgrade();
    const local = await arrived.promise;
    await expect.poll(got).toContain('101');
    const [cut, other] = who === 'asker' ? [socket, local] : [local, socket];
    other.resume();
    const failed = new Promise<Error>((resolve) => other.once('error', resolve));
    cut.resetAndDestroy();
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
  });
});
