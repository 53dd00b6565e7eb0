import { once } from 'node:events';
import net from 'node:net';

const CHUNK = Buffer.alloc(256 * 1024, 'porchlight ');
/** The first moments do not count. */
const WARM_UP_MS = 300;

/** Bytes a second that come from a stream server (programs/stream-server.ts) behind a port. */
export async function download(port: number, seconds: number): Promise<number> {
  let received = 0;
  const socket = net.connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    // One buffer, read over and over: the client must not be what is measured.
    onread: {
      buffer: Buffer.alloc(256 * 1024),
      callback: (bytes) => {
        received += bytes;
        return true;
      },
    },
  });
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  socket.write('d');
  await later(WARM_UP_MS);
  const [from, at] = [received, performance.now()];
  await later(seconds * 1000);
  const rate = (received - from) / ((performance.now() - at) / 1000);
  socket.destroy();
  await closed;
  if (received === 0) throw new Error('nothing came through');
  return rate;
}

/** Bytes a second that reach a stream server; its own count after the last of them is what counts. */
export async function upload(port: number, seconds: number): Promise<number> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  const at = performance.now();
  const until = at + seconds * 1000;
  const pour = (): void => {
    while (performance.now() < until && socket.write(CHUNK)) {
      // Until the buffer is full; `drain` goes on.
    }
  };
  socket.write('u');
  socket.on('drain', pour);
  pour();
  await later(seconds * 1000);
  socket.end();
  await once(socket, 'end');
  socket.destroy();
  if (!(Number(answer) > 0)) throw new Error('nothing was received');
  return Number(answer) / ((performance.now() - at) / 1000);
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
