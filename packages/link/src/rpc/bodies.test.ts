import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChannelPair } from './channel-pair.ts';
import { IncomingBody } from './incoming-body.ts';
import { type BodyMessage, OutgoingBody } from './outgoing-body.ts';

/** A body as an HTTP server gets it. */
let server: http.Server;
let port: number;
let onRequest: (req: IncomingMessage) => void = () => undefined;

beforeAll(async () => {
  server = http.createServer((req, res) => {
    onRequest(req);
    req.once('end', () => res.end());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

async function upload(body: Buffer, chunked: boolean): Promise<IncomingMessage> {
  const came = new Promise<IncomingMessage>((resolve) => {
    onRequest = resolve;
  });
  const request = http.request({ host: '127.0.0.1', port, method: 'POST', agent: false });
  request.on('error', () => undefined);
  if (!chunked) request.setHeader('Content-Length', body.length);
  else request.write('');
  const middle = Math.floor(body.length / 2);
  if (body.length > 0) {
    request.write(body.subarray(0, middle));
    request.write(body.subarray(middle));
  }
  request.end();
  return came;
}

describe('a body in messages', () => {
  it('arrives as it was, whatever the sizes, windows and the taker`s pace', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          size: fc.nat({ max: 5_000 }),
          room: fc.integer({ min: 1, max: 700 }),
          firstRoom: fc.nat({ max: 300 }),
          window: fc.integer({ min: 1, max: 5 }),
          chunked: fc.boolean(),
          slow: fc.boolean(),
        }),
        async ({ size, room, firstRoom, window, chunked, slow }) => {
          const body = Buffer.from(Array.from({ length: size }, (_, n) => (n * 7) % 256));
          const source = await upload(body, chunked);
          const got: Buffer[] = [];
          let underway = 0;
          let outgoing: OutgoingBody | undefined;
          const early: number[] = [];
          const sink = new Writable({
            highWaterMark: 1,
            write(chunk: Buffer, _encoding, done) {
              got.push(chunk);
              if (slow) setImmediate(done);
              else done();
            },
          });
          const finished = once(sink, 'finish');
          const incoming = new IncomingBody({
            sink,
            window,
            acknowledge: (taken) => {
              if (outgoing === undefined) early.push(taken);
              else outgoing.acknowledge(taken);
            },
          });
          outgoing = new OutgoingBody({
            source,
            length: chunked ? undefined : size,
            window: () => window,
            room: (index) => (index === 0 ? firstRoom : room),
            send: (message: BodyMessage) => {
              underway += 1;
              expect(message.bytes.length).toBeLessThanOrEqual(message.index === 0 ? firstRoom : room);
              expect(incoming.take(message)).toBeUndefined();
            },
            broken: () => {
              throw new Error('broken');
            },
          });
          for (const taken of early) outgoing.acknowledge(taken);
          await finished;
          expect(Buffer.concat(got).equals(body)).toBe(true);
          expect(underway).toBeGreaterThan(0);
          expect(outgoing.done).toBe(true);
        },
      ),
      { interruptAfterTimeLimit: 4_000, numRuns: 60 },
    );
  });

  it('tells what is wrong with messages out of order', () => {
    const sink = new Writable({ write: (_chunk, _encoding, done) => void done });
    const body = new IncomingBody({ sink, window: 2, acknowledge: () => undefined });
    const message = (index: number): BodyMessage => ({ index, bytes: new Uint8Array(1), last: false });
    expect(body.take(message(0))).toBeUndefined();
    expect(body.take(message(0))).toBe('duplicate');
    expect(body.take(message(2))).toBe('gap');
    expect(body.take(message(1))).toBeUndefined();
    expect(body.take(message(2))).toBe('overrun');
  });
});

describe('a channel inside the process', () => {
  it('passes bytes, half closes, and is cut at both ends when one is destroyed', async () => {
    const [near, far] = openChannelPair();
    far.on('data', (chunk: Buffer) => far.write(chunk));
    near.write('hello');
    const [echo] = (await once(near, 'data')) as [Buffer];
    expect(echo.toString()).toBe('hello');
    const cut = new Promise<Error>((resolve) => near.once('error', resolve));
    far.destroy();
    expect(await cut).toMatchObject({ code: 'ECONNRESET' });
  });
});
