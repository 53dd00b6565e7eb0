import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** A local server on a device that says exactly what the test gives it: each connection and its bytes are the test's. */
export interface ScriptedOrigin {
  readonly port: number;
  /** Everything that came over all of its connections, in order. */
  readonly heard: () => string;
  readonly connections: () => number;
  /** Answers from now on: called with what one connection has said since this was set, whenever it says more. */
  answer: (heard: string, socket: Socket) => void;
  close(): void;
}

export async function startScriptedOrigin(): Promise<ScriptedOrigin> {
  let heard = '';
  const sockets = new Set<Socket>();
  let answer = (_heard: string, _socket: Socket): void => undefined;
  let answersSet = 0;
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    let here = '';
    let since = answersSet;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      here = since === answersSet ? here + chunk : chunk;
      since = answersSet;
      heard += chunk;
      answer(here, socket);
    });
    socket.on('end', () => socket.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    set answer(next: typeof answer) {
      answer = next;
      answersSet += 1;
    },
    heard: () => heard,
    connections: () => sockets.size,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
