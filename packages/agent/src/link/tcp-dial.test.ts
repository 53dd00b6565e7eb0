import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dialTcp } from './tcp-dial.ts';

let server: net.Server;
let port: number;
let onSocket: (socket: Socket) => void;
const open = new Set<Socket>();

beforeEach(async () => {
  onSocket = () => undefined;
  server = net.createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  await expect.poll(() => open.size).toBe(0);
  server.close();
});

const never = new AbortController().signal;

const throughProxy = (
  options: { credentials?: string; signal?: AbortSignal; timeoutMs?: number; host?: string } = {},
) =>
  dialTcp({
    host: options.host ?? 'relay.test',
    port: 2222,
    proxy: { host: '127.0.0.1', port, credentials: options.credentials },
    timeoutMs: options.timeoutMs ?? 10_000,
    signal: options.signal ?? never,
  });

/** Answers the CONNECT with these chunks. */
function answer(...chunks: (string | Buffer)[]): { asked: Promise<string> } {
  const { promise, resolve } = Promise.withResolvers<string>();
  onSocket = (socket) => {
    socket.once('data', (request: Buffer) => {
      resolve(request.toString());
      void writeApart(socket, chunks);
    });
  };
  return { asked: promise };
}

async function writeApart(socket: Socket, chunks: readonly (string | Buffer)[]): Promise<void> {
  for (const chunk of chunks) {
    socket.write(chunk);
    await new Promise((sent) => setImmediate(sent));
  }
}

async function firstBytes(socket: Socket, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let length = 0; length < count; ) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks);
}

describe('dialTcp', () => {
  it('connects straight on, with no delay', async () => {
    const socket = await dialTcp({
      host: '127.0.0.1',
      port,
      proxy: undefined,
      timeoutMs: 5_000,
      signal: never,
    });
    socket.destroy();
  });

  it('says what went wrong where nobody listens', async () => {
    const free = net.createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port: closed } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
    await expect(
      dialTcp({ host: '127.0.0.1', port: closed, proxy: undefined, timeoutMs: 5_000, signal: never }),
    ).rejects.toThrow('ECONNREFUSED');
  });

  it('asks a proxy with its credentials, and for an IPv6 address in brackets', async () => {
    const { asked } = answer('HTTP/1.1 200 Connection established\r\n\r\n');
    const socket = await throughProxy({ credentials: 'ann:sécret', host: 'fd00::1' });
    expect(await asked).toBe(
      `CONNECT [fd00::1]:2222 HTTP/1.1\r\nHost: [fd00::1]:2222\r\nProxy-Authorization: Basic ${Buffer.from('ann:sécret').toString('base64')}\r\n\r\n`,
    );
    socket.destroy();
  });

  it('loses no byte, however the answer is cut and whatever follows its head', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.array(fc.nat(400), { maxLength: 6 }),
        fc.constantFrom(
          'HTTP/1.1 200 OK\r\n',
          'HTTP/1.0 200 Fine\r\nVia: x\r\n',
          'HTTP/1.1 204 No Content\r\n',
        ),
        async (body, places, head) => {
          const bytes = Buffer.concat([Buffer.from(`${head}\r\n`), body]);
          const at = [...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b);
          answer(...[0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length)));
          const socket = await throughProxy();
          expect((await firstBytes(socket, body.length)).equals(Buffer.from(body))).toBe(true);
          socket.destroy();
        },
      ),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it.each([
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', 'refused to connect to relay.test:2222 (407)'],
    ['HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nno!!!', '(403)'],
    ['SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n', '(no HTTP)'],
    ['HTTP/2 200\r\n\r\n', '(no HTTP)'],
    ['x'.repeat(20_000), 'too long'],
  ])('refuses %j', async (text, why) => {
    answer(text);
    await expect(throughProxy()).rejects.toThrow(why);
  });

  it.each(['end', 'reset'])('says so when the proxy gives up by %s', async (how) => {
    onSocket = (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 2');
        if (how === 'end') socket.end();
        else socket.resetAndDestroy();
      });
    };
    await expect(throughProxy()).rejects.toThrow(/closed|ECONNRESET/);
  });

  it('does not wait for ever for a proxy that answers slowly', async () => {
    onSocket = (socket) => {
      const timer = setInterval(() => socket.write('x'), 5);
      socket.once('close', () => clearInterval(timer));
    };
    await expect(throughProxy({ timeoutMs: 100 })).rejects.toThrow(`no answer from 127.0.0.1:${port}`);
  });

  it('stops when it is told to, before and while it dials', async () => {
    await expect(throughProxy({ signal: AbortSignal.abort() })).rejects.toThrow();
    const stop = new AbortController();
    onSocket = () => stop.abort();
    await expect(throughProxy({ signal: stop.signal })).rejects.toThrow('stopped');
  });
});
