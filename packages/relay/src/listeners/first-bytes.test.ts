import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Speech, tellSpeech } from './first-bytes.ts';

let server: net.Server;
let heard: Promise<{ speech: Speech; socket: Socket }>;

beforeEach(async () => {
  const { promise, resolve } = Promise.withResolvers<{ speech: Speech; socket: Socket }>();
  heard = promise;
  server = net.createServer((socket) => tellSpeech(socket, (speech) => resolve({ speech, socket })));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => void server.close());

function dial(): Socket {
  return net.connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true });
}

test.each([
  ['SSH-2.0-test\r\n', 'ssh'],
  ['SEARCH / HTTP/1.1\r\n', 'http'],
  ['\u0016\u0003\u0001', 'tls'],
  ['GET / HTTP/1.1\r\n', 'http'],
])('%j is %s, and its bytes are still to be read', async (text, speech) => {
  const client = dial();
  client.write(text);
  const found = await heard;
  expect(found.speech).toBe(speech);
  expect(String(found.socket.read())).toBe(text);
  client.destroy();
});

test('a lone first byte holds nobody up, and counts when the second comes', async () => {
  const client = dial();
  client.write('S');
  await once(client, 'connect');
  // Another connection is answered meanwhile: the process has other things to do.
  const other = dial();
  await once(other, 'connect');
  other.destroy();
  client.write('SH-2.0-slow\r\n');
  const found = await heard;
  expect(found.speech).toBe('ssh');
  expect(String(found.socket.read())).toMatch(/^SS/);
  client.destroy();
});

test('who leaves after one byte leaves nothing behind', async () => {
  const [accepted] = await Promise.all([
    once(server, 'connection'),
    new Promise<void>((resolve) => dial().end('S', resolve)),
  ]);
  await once(accepted[0] as Socket, 'close');
});

test('a taker who pauses loses nothing to another who only counts', async () => {
  let counted = 0;
  const taken = new Promise<string>((resolve) => {
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) =>
      tellSpeech(socket, () => {
        socket.on('data', (chunk) => (counted += chunk.length));
        // As ssh2 does it, all in the tick in which it gets the connection.
        socket.pause();
        void Promise.resolve().then(() => {
          socket.on('data', (chunk) => resolve(String(chunk)));
          socket.resume();
        });
      }),
    );
  });
  const client = dial();
  client.write('SSH-2.0-test\r\n');
  expect([await taken, counted]).toEqual(['SSH-2.0-test\r\n', 14]);
  client.destroy();
});
