import { once } from 'node:events';
import type { Server } from 'node:http';
import { type RawData, WebSocket, WebSocketServer } from 'ws';

export interface TestSocket {
  /** Sends a message and gives the next one that comes. */
  ask(message: string | Buffer): Promise<Buffer>;
  /** Closes in order; gives the code that the other side answered with. */
  close(code: number): Promise<number>;
}

/** Opens a WebSocket to a port of this machine under any host name. @throws Error when it is refused */
export async function openWebSocket(to: {
  port: number;
  host: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
}): Promise<TestSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${to.port}${to.path}`, {
    headers: { ...to.headers, Host: `${to.host}:${to.port}` },
    perMessageDeflate: false,
  });
  await once(socket, 'open');
  return {
    async ask(message) {
      const answer = once(socket, 'message') as Promise<[RawData]>;
      socket.send(message);
      const [data] = await answer;
      return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    },
    async close(code) {
      const closed = once(socket, 'close') as Promise<[number]>;
      socket.close(code);
      return (await closed)[0];
    },
  };
}

/** Lets a server take WebSockets; each message is answered with what `answer` gives, for the path that was asked for. */
export function takeWebSockets(server: Server, answer: (path: string, message: string) => string): void {
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (req, socket, head) => {
    sockets.handleUpgrade(req, socket, head, (one) => {
      one.on('message', (message: Buffer) => one.send(answer(req.url ?? '', message.toString())));
    });
  });
}
