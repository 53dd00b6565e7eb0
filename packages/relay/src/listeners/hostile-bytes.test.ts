import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { rawExchange, startTestRelay, type TestRelay } from '@porchlight/testkit';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const LINES = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

describe('whatever comes to a port first', () => {
  let relay: TestRelay;
  let ports: { http: number; https: number; ssh: number };

  beforeAll(async () => {
    relay = await startTestRelay();
    const { http = 0, https = 0, ssh = 0 } = relay.relay.ports;
    ports = { http, https, ssh };
  });
  afterAll(() => relay.close());
  /** It goes on serving on each port. */
  afterEach(async () => {
    expect((await relay.visit('localhost', '/healthz-not-here')).status).toBeLessThan(500);
    for (const port of Object.values(ports)) {
      const { text } = await rawExchange(port, 'SSH-2.0-test\r\n', (so) => so.includes('\n'));
      expect(text).toMatch(/^SSH-2\.0-Porchlight/);
    }
    expect(await overTls(LINES)).toMatch(/^HTTP\/1\.1 /);
  });

  function overTls(bytes: string | Buffer): Promise<string> {
    return new Promise((resolve) => {
      const socket = tls.connect({ host: '127.0.0.1', port: ports.https, rejectUnauthorized: false });
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
      socket.on('secureConnect', () => socket.write(bytes));
    });
  }

  it('SSH, TLS and HTTP on both web ports, also one byte at a time', async () => {
    for (const port of [ports.http, ports.https]) {
      for (const [bytes, answer] of [
        [LINES, /^HTTP\/1\.1 /],
        ['SSH-2.0-test\r\n', /^SSH-2\.0-Porchlight/],
        ['SEARCH / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 /],
      ] as const) {
        const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
        const heard = once(socket, 'data');
        await once(socket, 'connect');
        for (const byte of bytes) {
          await new Promise((resolve) => void socket.write(byte, resolve));
          await new Promise((resolve) => void setImmediate(resolve));
        }
        expect(String((await heard)[0])).toMatch(answer);
        socket.destroy();
      }
    }
  });

  it.each([
    ['nothing, and the end', ''],
    ['one S, and the end', 'S'],
    ['a TLS record that is none', Buffer.from([22, 3, 1, 255, 255, 0, 0])],
    ['a PROXY line', 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n'],
    ['the binary PROXY head', Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex')],
    ['SMTP', 'EHLO x\r\n'],
    ['RDP', Buffer.from('030000130ee000000000000100080003000000', 'hex')],
    ['many noughts', Buffer.alloc(100_000)],
    ['a header without end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}`],
    ['headers without number', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(20_000)}`],
    ['a target without end', `GET /${'x'.repeat(100_000)}`],
  ])('%s', async (_name, bytes) => {
    for (const port of [ports.http, ports.https]) {
      const socket = net.connect({ port, host: '127.0.0.1' });
      socket.on('error', () => undefined);
      const closed = new Promise((resolve) => void socket.once('close', resolve));
      socket.resume().end(bytes);
      await closed;
    }
  });

  it('a peer that never hangs up after it was refused is cut off', async () => {
    const socket = net.connect({ port: ports.http, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    socket.write('rubbish\r\n\r\n');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 400 /);
    // Our side stays open: writing goes on until the relay's end resets it.
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      const write = (): void => {
        if (!socket.destroyed) socket.write('x', () => setTimeout(write, 100));
      };
      write();
    });
  });

  it('an answer that is under way is not written into', async () => {
    const { text } = await rawExchange(
      ports.http,
      `GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\nrubbish\r\n\r\n`,
    );
    expect(text.slice(1)).not.toMatch(/\}HTTP\/1\.1 400|[a-z0-9]HTTP\/1\.1/);
  });

  it('two hundred that speak rubbish to the HTTPS port, bare and inside TLS', async () => {
    const piece = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
      fc
        .uint8Array({ maxLength: 200 })
        .map((bytes) => Buffer.concat([Buffer.from([22, 3, 1, 0, 200]), bytes])),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([Buffer.from(LINES), bytes])),
      fc.string({ maxLength: 200 }).map((text) => Buffer.from(`GET ${text} HTTP/1.1\r\n\r\n`)),
      fc.string({ maxLength: 200 }).map((text) => Buffer.from(`GET / HTTP/1.1\r\nHost: ${text}\r\n\r\n`)),
      fc.constant(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')),
    );
    for (const [n, bytes] of fc.sample(piece, 200).entries()) {
      if (n % 4 === 0) {
        await new Promise<void>((resolve) => {
          const socket = tls.connect({
            ...{ host: '127.0.0.1', port: ports.https, rejectUnauthorized: false },
            ALPNProtocols: n % 8 === 0 ? ['h2'] : ['http/1.1'],
          });
          socket.on('error', () => undefined);
          socket.on('close', () => resolve());
          socket.on('secureConnect', () => socket.resume().end(bytes));
        });
      } else {
        const socket = net.connect({ port: ports.https, host: '127.0.0.1' });
        socket.on('error', () => undefined);
        const closed = new Promise((resolve) => void socket.once('close', resolve));
        socket.resume().end(bytes);
        await closed;
      }
    }
  });
});
