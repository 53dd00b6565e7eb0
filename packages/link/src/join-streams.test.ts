import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinStreams } from './join-streams.ts';

let server: net.Server;
let accepted: ((socket: Socket) => void)[] = [];

beforeAll(async () => {
  server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => accepted.shift()?.(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.close();
  accepted = [];
});

async function connection(): Promise<[outer: Socket, inner: Socket]> {
  const inner = new Promise<Socket>((resolve) => accepted.push(resolve));
  const { port } = server.address() as AddressInfo;
  const outer = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  outer.on('error', () => undefined);
  return [outer, await inner];
}

interface Joined {
  /** The two outer ends: what one writes, the other reads. */
  readonly ends: readonly [Socket, Socket];
  readonly inner: readonly [Socket, Socket];
  readonly done: Promise<Error | undefined>;
  readonly calls: () => number;
}

async function joined(): Promise<Joined> {
  const [a, innerA] = await connection();
  const [b, innerB] = await connection();
  let calls = 0;
  const done = new Promise<Error | undefined>((resolve) => {
    joinStreams(innerA, innerB, (error) => {
      calls += 1;
      resolve(error);
    });
  });
  return { ends: [a, b], inner: [innerA, innerB], done, calls: () => calls };
}

function all(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => resolve(Buffer.concat(chunks)));
    socket.on('error', reject);
  });
}

describe('joined streams', () => {
  it('let one side ask, end, and be answered only then', async () => {
    const { ends, done } = await joined();
    const [a, b] = ends;
    a.end('question');
    expect((await all(b)).toString()).toBe('question');
    b.end('answer');
    expect((await all(a)).toString()).toBe('answer');
    expect(await done).toBeUndefined();
  });

  it('lose nothing and leave nothing open, whoever writes and ends in whatever order', async () => {
    const step = fc.record({ who: fc.nat(1), bytes: fc.nat(100_000), end: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const { ends, inner, done, calls } = await joined();
        const got = ends.map(all);
        const sent: Buffer[][] = [[], []];
        for (const { who, bytes, end } of steps) {
          const socket = ends[who]!;
          if (socket.writableEnded) continue;
          const chunk = randomBytes(bytes);
          sent[who]!.push(chunk);
          if (end) socket.end(chunk);
          else socket.write(chunk);
        }
        for (const socket of ends) if (!socket.writableEnded) socket.end();
        const received = await Promise.all(got);
        expect(received[1]!.equals(Buffer.concat(sent[0]!))).toBe(true);
        expect(received[0]!.equals(Buffer.concat(sent[1]!))).toBe(true);
        expect(await done).toBeUndefined();
        expect(calls()).toBe(1);
        expect(inner.every((socket) => socket.destroyed)).toBe(true);
      }),
      { interruptAfterTimeLimit: 3_000 },
    );
  });

  it('are both gone after either fails at any moment, and say so once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1),
        fc.constantFrom('reset', 'inner error', 'inner destroy'),
        fc.nat(200_000),
        fc.boolean(),
        async (who, how, bytes, ended) => {
          const { ends, inner, done, calls } = await joined();
          const other = ends[1 - who]!;
          const closed = once(other, 'close').catch(() => undefined);
          other.resume();
          ends[who]!.write(randomBytes(bytes));
          other.write(randomBytes(bytes));
          if (ended) other.end();
          if (how === 'reset') ends[who]!.resetAndDestroy();
          else if (how === 'inner error') inner[who]!.destroy(new Error('gone'));
          else inner[who]!.destroy();
          await done;
          expect(calls()).toBe(1);
          expect(inner.every((socket) => socket.destroyed)).toBe(true);
          if (!ended) other.end();
          await closed;
          ends[who]!.destroy();
        },
      ),
      { interruptAfterTimeLimit: 3_000 },
    );
  });

  it('pass a reset on as a reset', async () => {
    const { ends, done } = await joined();
    const [a, b] = ends;
    const failed = once(b, 'close').catch((error: unknown) => error);
    b.resume();
    a.resetAndDestroy();
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
    expect(await done).toMatchObject({ code: 'ECONNRESET' });
  });

  it('let a slow reader have the rest after the writer is gone', async () => {
    const { ends, done } = await joined();
    const [a, b] = ends;
    const sent = randomBytes(4 * 1024 * 1024);
    a.end(sent);
    a.resume();
    b.pause();
    await once(b, 'readable');
    b.end();
    expect((await all(b)).equals(sent)).toBe(true);
    expect(await done).toBeUndefined();
  });

  it('hold back a writer whose reader does not read', async () => {
    const { ends, inner } = await joined();
    const [a, b] = ends;
    b.pause();
    const chunk = Buffer.alloc(64 * 1024);
    let sent = 0;
    // The kernel's buffers take some megabytes; a join without back-pressure would take all.
    while (sent < 64 * 1024 * 1024) {
      sent += chunk.length;
      if (a.write(chunk)) continue;
      const drained = await Promise.race([
        once(a, 'drain').then(() => true),
        new Promise<boolean>((resolve) => setTimeout(resolve, 300, false)),
      ]);
      if (!drained) break;
    }
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    expect(inner[1].writableLength).toBeLessThan(1024 * 1024);
    a.destroy();
    b.destroy();
  });
});
