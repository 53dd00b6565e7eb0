import type { Socket } from 'node:net';

/** A connection that has not sent its first bytes by then is of no use. */
const FIRST_BYTES_DEADLINE_MS = 15_000;

export type Speech = 'ssh' | 'tls' | 'http';

/**
 * Waits for the first byte of a connection and tells by it what is spoken: `S` begins `SSH-2.0-…` (RFC 4253 §4.2), 22
 * is a TLS handshake record (RFC 8446 §5.1), and anything else is taken for HTTP. No HTTP method that browsers or
 * devices send begins with `SS`; `SEARCH` is told apart by its second byte. The bytes are put back.
 */
export function tellSpeech(socket: Socket, heard: (speech: Speech) => void): void {
  const onError = (): void => void socket.destroy();
  const onTimeout = (): void => void socket.destroy();
  let held: Buffer = Buffer.alloc(0);
  const onReadable = (): void => {
    const more: Buffer | null = socket.read();
    if (more === null) {
      if (socket.readableEnded) socket.destroy();
      return;
    }
    const chunk = held.length === 0 ? more : Buffer.concat([held, more]);
    // One lone `S` decides nothing yet: the next byte comes with the next packet. It is not put back before that, for
    // what is put back is readable again at once, and the process would do nothing else any more.
    if (chunk.length === 1 && chunk[0] === 0x53) {
      held = chunk;
      return;
    }
    const speech = chunk[0] === 0x16 ? 'tls' : chunk[0] === 0x53 && chunk[1] === 0x53 ? 'ssh' : 'http';
    socket.off('readable', onReadable);
    socket.off('timeout', onTimeout);
    socket.setTimeout(0);
    socket.unshift(chunk);
    // Streams forget a `readable` listener with the next tick only, and resume then by themselves, even when their
    // taker has paused them: it gets them after that, as if they were new.
    process.nextTick(() => {
      socket.off('error', onError);
      if (!socket.destroyed) heard(speech);
    });
  };
  socket.setTimeout(FIRST_BYTES_DEADLINE_MS);
  socket.on('error', onError);
  socket.on('timeout', onTimeout);
  socket.on('readable', onReadable);
}
