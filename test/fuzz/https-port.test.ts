import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import tls from 'node:tls';
import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const RUNS = 200;
/** At the same time: rubbish is meant to come in crowds. */
const AT_ONCE = 20;
/** A peer that is still being listened to then has to be quiet about it; the relay's own deadlines are longer. */
const PATIENCE_MS = 150;

const bytes = fc.uint8Array({ minLength: 1, maxLength: 2_000 }).map((array) => Buffer.from(array));

/** Beginnings that lead deep into one parser or the other, with anything behind them. */
const beginnings = fc.constantFrom(
  'S',
  'SS',
  'SSH-2.0-\r\n',
  'SSH-1.99-x\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001',
  '\u0016\u0003\u0003\uffff',
  'GET / HTTP/1.1\r\nHost: localhost\r\n',
  'GET /.well-known/porchlight/link HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n',
  'POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n',
  'POST /x HTTP/1.1\r\nHost: web--robot.localhost\r\nTransfer-Encoding: chunked\r\n\r\n',
  'GET /x HTTP/1.1\r\nHost: web--robot.localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n',
  'GET /x HTTP/1.1\r\nHost: web--robot.localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u0000\u0000\u0000\u0004\u0000\u0000\u0000\u0000\u0000',
);
const rubbish = fc
  .tuple(fc.option(beginnings, { nil: '' }), bytes)
  .map(([begin, rest]) => Buffer.concat([Buffer.from(begin, 'latin1'), rest]));

/** A header block of HTTP/2 in which lengths, types and flags are anything. */
const frames = fc
  .array(fc.tuple(fc.nat(40), fc.nat(12), fc.nat(255), fc.nat(5)), { minLength: 1, maxLength: 8 })
  .chain((heads) =>
    fc.tuple(
      ...heads.map((head) => fc.tuple(fc.constant(head), fc.uint8Array({ minLength: 0, maxLength: 60 }))),
    ),
  )
  .map((list) =>
    Buffer.concat([
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0', 'latin1'),
      ...list.map(([[length, type, flags, stream], payload]) =>
        Buffer.concat([
          Buffer.from([0, 0, length, type, flags, 0, 0, 0, stream]),
          Buffer.from(payload).subarray(0, length),
        ]),
      ),
    ]),
  );

describe('rubbish at the HTTP and HTTPS ports', () => {
  let relay: TestRelay;
  let owner: TestPerson;
  let origin: http.Server;
  let visit: string;

  beforeAll(async () => {
    origin = http.createServer((_req, res) => res.end('here'));
    origin.listen(0, '127.0.0.1');
    await once(origin, 'listening');
    relay = await startTestRelay();
    owner = await relay.person('alice');
    const { port } = origin.address() as AddressInfo;
    await relay.device(owner, 'robot', { web: `http://127.0.0.1:${port}` });
    visit = await relay.signOn(owner, 'web--robot.localhost');
  });

  afterAll(async () => {
    await relay.close();
    origin.close();
  });

  async function expectServing(): Promise<void> {
    const headers = { cookie: visit };
    const answer = await relay.visit('web--robot.localhost', '/', { headers });
    expect([answer.status, answer.body]).toEqual([200, 'here']);
    expect((await owner.api('GET', '/api/me')).status).toBe(200);
  }

  /** Sends each to a connection of its own, some at a time, and serves others between. */
  async function send(samples: readonly Buffer[], open: () => net.Socket): Promise<void> {
    expect(samples).toHaveLength(RUNS);
    for (let at = 0; at < samples.length; at += AT_ONCE) {
      await Promise.all(samples.slice(at, at + AT_ONCE).map((sample) => say(open(), sample)));
      await expectServing();
    }
  }

  it(`${RUNS} to the HTTP port`, async () => {
    const port = relay.relay.ports.http ?? 0;
    await send(fc.sample(rubbish, RUNS), () => net.connect(port, '127.0.0.1'));
  });

  it(`${RUNS} to the HTTPS port`, async () => {
    const port = relay.relay.ports.https ?? 0;
    await send(fc.sample(rubbish, RUNS), () => net.connect(port, '127.0.0.1'));
  });

  it.each(['http/1.1', 'h2'])(`${RUNS} inside TLS, as %s`, async (protocol) => {
    const port = relay.relay.ports.https ?? 0;
    const samples = protocol === 'h2' ? fc.sample(fc.oneof(frames, rubbish), RUNS) : fc.sample(rubbish, RUNS);
    await send(samples, () =>
      tls.connect({ port, host: '127.0.0.1', ALPNProtocols: [protocol], rejectUnauthorized: false }),
    );
  });
});

/** Says it and waits until it is hung up on, or for a moment. */
async function say(socket: net.Socket, what: Buffer): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => socket.destroy());
  socket.resume();
  socket.write(what);
  const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
  await closed;
  clearTimeout(timer);
}
