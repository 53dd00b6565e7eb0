import type { Socket } from 'node:net';
import { parseClientHello } from './client-hello.ts';

/**
 * Waits for the ClientHello of a TLS connection, and puts its bytes back. Nobody else may read the socket meanwhile.
 * @param deadlineMs a connection that has not sent all of it by then is ended
 * @param heard the name in it; undefined where there is none, or it is no ClientHello that can be read
 */
export function peekHello(
  socket: Socket,
  deadlineMs: number,
  heard: (serverName: string | undefined) => void,
): void {
  const end = (): void => void socket.destroy();
  const chunks: Buffer[] = [];
  let length = 0;
  let need = 1;
  const timer = setTimeout(end, deadlineMs);
  const onClose = (): void => clearTimeout(timer);
  const onReadable = (): void => {
    const more: Buffer | null = socket.read();
    if (more === null) {
      if (socket.readableEnded) socket.destroy();
      return;
    }
    chunks.push(more);
    length += more.length;
    // Whoever sends single bytes makes us look twice or three times, and not at each.
    if (length < need) return;
    const bytes = chunks.length === 1 ? more : Buffer.concat(chunks);
    const parse = parseClientHello(bytes);
    if (parse.kind === 'more') {
      need = parse.need;
      chunks.splice(0, chunks.length, bytes);
      return;
    }
    clearTimeout(timer);
    socket.off('readable', onReadable);
    socket.off('close', onClose);
    socket.unshift(bytes);
    // As in first-bytes.ts: streams forget a `readable` listener with the next tick only.
    process.nextTick(() => {
      socket.off('error', end);
      if (!socket.destroyed) heard(parse.kind === 'hello' ? parse.serverName : undefined);
    });
  };
  socket.on('error', end);
  socket.on('close', onClose);
  socket.on('readable', onReadable);
}
