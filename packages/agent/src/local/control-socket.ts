import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { ConfigError, listenOnPath } from '../config/index.ts';
import { LineSplitter } from './line-splitter.ts';
import {
  CONTROL_SOCKET,
  type ControlHandlers,
  type ControlReply,
  type ControlRequest,
  controlRequest,
  REQUEST_LINE_MAX,
} from './messages.ts';

const CONNECTIONS_MAX = 8;
/** A connection without traffic is closed; commands themselves take less. */
const IDLE_MS = 60_000;

export interface ControlSocketParts {
  readonly dataFolder: string;
  readonly handlers: ControlHandlers;
  /** Told of errors that are not meant for the one who asked. */
  readonly onProblem: (error: unknown) => void;
}

export interface ControlSocket {
  /** Ends all connections and removes the socket. Idempotent. */
  close(): Promise<void>;
}

/**
 * Listens for the CLI on `agent.sock` (mode 0600) in the data folder. The folder's lock has to be held: a socket that
 * is there is then left from a killed agent, and replaced.
 * @throws ConfigError when the path is too long
 */
export async function openControlSocket({
  dataFolder,
  handlers,
  onProblem,
}: ControlSocketParts): Promise<ControlSocket> {
  const path = join(dataFolder, CONTROL_SOCKET);
  await rm(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, handlers, onProblem);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listenOnPath(server, path);
  server.on('error', onProblem);
  let closed: Promise<void> | undefined;
  const close = async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  return { close: () => (closed ??= close()) };
}

function serve(socket: Socket, handlers: ControlHandlers, onProblem: (error: unknown) => void): void {
  const lines = new LineSplitter(REQUEST_LINE_MAX);
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  socket.on('error', () => socket.destroy()); // the CLI went away
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const requests = lines.push(chunk);
    if (requests === undefined) {
      socket.removeAllListeners('data').resume();
      socket.end(reply({ ok: false, error: 'the request is too long' }), () => socket.destroy());
      return;
    }
    for (const request of requests) {
      // No more is read until what came has been answered, so a client cannot pile up work.
      waiting++;
      socket.pause();
      last = last.then(async () => {
        const answer = await answerTo(request, handlers, onProblem);
        if (socket.writable) socket.write(reply(answer));
        if (--waiting === 0) socket.resume();
      });
    }
  });
}

function reply(message: ControlReply): string {
  return `${JSON.stringify(message)}\n`;
}

function resultOf(request: ControlRequest, handlers: ControlHandlers): Promise<unknown> {
  if (request.command === 'base-station') return handlers['base-station'](request.ask);
  return handlers[request.command]();
}

async function answerTo(
  line: string,
  handlers: ControlHandlers,
  onProblem: (error: unknown) => void,
): Promise<ControlReply> {
  try {
    const request = controlRequest.safeParse(JSON.parse(line));
    if (!request.success)
      return { ok: false, error: 'the agent does not know this command: use the CLI of its version' };
    return { ok: true, result: await resultOf(request.data, handlers) };
  } catch (error) {
    if (error instanceof SyntaxError)
      return { ok: false, error: 'the request is not one line of JSON: use the CLI' };
    if (error instanceof ConfigError) return { ok: false, error: error.message };
    onProblem(error);
    return { ok: false, error: 'the agent failed at this command: its log has the cause' };
  }
}
