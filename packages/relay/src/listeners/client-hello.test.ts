import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HELLO_MAX, parseClientHello } from './client-hello.ts';
import { peekHello } from './peek-hello.ts';

/** What a real client (OpenSSL, through Node) says first. */
async function realHello(options: tls.ConnectionOptions): Promise<Buffer> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = tls.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ...options });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

const HELLO = await realHello({ servername: 'web--Robot.relay.example', ALPNProtocols: ['h2', 'http/1.1'] });
const FOUND = { kind: 'hello', serverName: 'web--robot.relay.example' };

/** The same message in records of at most `size` bytes. */
function inRecords(hello: Buffer, sizes: readonly number[]): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0, i = 0; at < message.length; i += 1) {
    const part = message.subarray(at, at + Math.max(1, sizes[i % sizes.length] ?? 1));
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
    at += part.length;
  }
  return Buffer.concat(records);
}

const vector = (size: 1 | 2, bytes: Buffer): Buffer => {
  const length = Buffer.alloc(size);
  length.writeUIntBE(bytes.length, 0, size);
  return Buffer.concat([length, bytes]);
};
const u16 = (number: number): Buffer => Buffer.from([number >> 8, number & 255]);
const name = (text: string, type = 0): Buffer =>
  Buffer.concat([Buffer.from([type]), vector(2, Buffer.from(text, 'latin1'))]);
const sni = (...names: Buffer[]): Buffer =>
  Buffer.concat([u16(0), vector(2, vector(2, Buffer.concat(names)))]);
/** A ClientHello by hand. */
function hello(extensions: Buffer | undefined, after = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(0)),
    vector(2, Buffer.from([0x13, 1])),
    vector(1, Buffer.from([0])),
    ...(extensions === undefined ? [] : [vector(2, extensions)]),
    after,
  ]);
  const message = Buffer.concat([Buffer.from([1, body.length >> 16]), u16(body.length & 0xffff), body]);
  return Buffer.concat([Buffer.from([22, 3, 1]), vector(2, message)]);
}

describe('the name in a ClientHello', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('of a real client that speaks %s', async (version) => {
    const bytes = await realHello({ servername: 'a.example', minVersion: version, maxVersion: version });
    expect(parseClientHello(bytes)).toEqual({ kind: 'hello', serverName: 'a.example' });
  });

  it('is absent where the client connects to an address', async () => {
    expect(parseClientHello(await realHello({}))).toEqual({ kind: 'hello', serverName: undefined });
    expect(parseClientHello(hello(undefined))).toEqual({ kind: 'hello', serverName: undefined });
    expect(parseClientHello(hello(Buffer.alloc(0)))).toEqual({ kind: 'hello', serverName: undefined });
  });

  it('is found whatever the records and the packets, and what follows does not matter', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 40, max: 600 }), { minLength: 1 }),
        fc.uint8Array(),
        (sizes, after) => {
          const bytes = inRecords(HELLO, sizes);
          if (bytes.length > HELLO_MAX) return;
          expect(parseClientHello(Buffer.concat([bytes, after]))).toEqual(FOUND);
          // Byte by byte: it asks for more, of which there is, until it is whole.
          for (let have = 0; have < bytes.length; ) {
            const parse = parseClientHello(bytes.subarray(0, have));
            expect(parse.kind).toBe('more');
            const need = parse.kind === 'more' ? parse.need : 0;
            expect(need).toBeGreaterThan(have);
            expect(need).toBeLessThanOrEqual(bytes.length);
            have = need;
          }
        },
      ),
      { interruptAfterTimeLimit: 3_000, numRuns: 3_000 },
    );
  });

  it.each([
    ['two names', hello(sni(name('a.example'), name('b.example')))],
    ['the extension twice', hello(Buffer.concat([sni(name('a.example')), sni(name('b.example'))]))],
    ['a name of another type', hello(sni(name('a.example', 1)))],
    ['no name in the list', hello(sni())],
    ['an empty name', hello(sni(name('')))],
    ['a name with a NUL', hello(sni(name('a.example\0.b')))],
    ['a name with a space', hello(sni(name('a .example')))],
    ['a name of 300 bytes', hello(sni(name('a'.repeat(300))))],
    ['an extension that is longer than all', hello(Buffer.from([0, 0, 0xff, 0xff, 0]))],
    ['something behind the extensions', hello(Buffer.alloc(0), Buffer.from([0]))],
    ['a thousand records', inRecords(HELLO, [1])],
    ['another handshake message', Buffer.from([22, 3, 3, 0, 4, 2, 0, 0, 0])],
    ['an empty record', Buffer.from([22, 3, 3, 0, 0])],
    ['a record that is too long', Buffer.from([22, 3, 3, 0xff, 0xff])],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 0, 2, 0])],
    ['an alert', Buffer.from([21, 3, 3, 0, 2, 2, 40])],
    ['a message larger than the bound', Buffer.from([22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff])],
    ['a message without a body', Buffer.from([22, 3, 1, 0, 4, 1, 0, 0, 0])],
  ])('is not looked for in %s', (_what, bytes) => {
    expect(parseClientHello(bytes)).toEqual({ kind: 'other' });
  });

  it('never throws and never asks without end, whatever comes', () => {
    const rubbish = fc.uint8Array({ maxLength: 400 });
    const mutated = fc
      .array(fc.tuple(fc.nat(HELLO.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 8 })
      .map((changes) => {
        const bytes = Buffer.from(HELLO);
        for (const [at, to] of changes) bytes[at] = to;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(rubbish, mutated), (bytes) => {
        const parse = parseClientHello(Buffer.from(bytes));
        if (parse.kind === 'more') {
          expect(parse.need).toBeGreaterThan(bytes.length);
          expect(parse.need).toBeLessThanOrEqual(HELLO_MAX);
        }
        if (parse.kind === 'hello' && parse.serverName !== undefined)
          expect(parse.serverName).toMatch(/^[\x21-\x7e]{1,255}$/);
      }),
      { interruptAfterTimeLimit: 3_000, numRuns: 3_000 },
    );
  });
});

describe('peeking', () => {
  async function pair(): Promise<{ client: Socket; socket: Socket; close(): void }> {
    const server = net.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => undefined);
    client.setNoDelay(true);
    const [socket] = (await once(server, 'connection')) as [Socket];
    return {
      client,
      socket,
      close() {
        client.destroy();
        socket.destroy();
        server.close();
      },
    };
  }

  it('puts back every byte, however they came', async () => {
    const { client, socket, close } = await pair();
    const heard = new Promise((resolve) => peekHello(socket, 5_000, resolve));
    const bytes = inRecords(HELLO, [3, 100]);
    for (const part of [bytes.subarray(0, 1), bytes.subarray(1, 7), bytes.subarray(7)]) {
      client.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await heard).toBe(FOUND.serverName);
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    client.end('behind');
    await once(socket, 'end');
    expect(Buffer.concat(parts)).toEqual(Buffer.concat([bytes, Buffer.from('behind')]));
    expect(socket.listenerCount('readable')).toBe(0);
    close();
  });

  it('ends who sends half a hello and leaves, or waits', async () => {
    for (const leave of [true, false]) {
      const { client, socket, close } = await pair();
      peekHello(socket, leave ? 5_000 : 20, () => expect.unreachable());
      const closed = once(socket, 'close');
      client.write(HELLO.subarray(0, 100));
      if (leave) client.end();
      await closed;
      close();
    }
  });
});
