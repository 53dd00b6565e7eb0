import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Joins two byte streams until both directions have ended, with back-pressure and half-close in each. The one owner
 * of both: an error of either, or its close before its end, cuts the other off at once, TCP by a reset, so that nobody
 * takes it for the end; when one has closed in order, the other may still write out what it was given, and is then
 * destroyed too.
 * @param onDone called once, when both are finished with
 */
export function joinStreams(a: Duplex, b: Duplex, onDone?: (error: Error | undefined) => void): void {
  let open = 2;
  let firstError: Error | undefined;
  const watch = (stream: Duplex, other: Duplex): void => {
    let closed = false;
    stream.on('error', (error: Error) => {
      firstError ??= error;
      stream.destroy();
      cutOff(other);
    });
    stream.on('close', () => {
      if (closed) return;
      closed = true;
      open -= 1;
      if (open === 0) onDone?.(firstError);
      else if (firstError === undefined && stream.readableEnded) destroyWhenWritten(other);
      else cutOff(other);
    });
  };
  watch(a, b);
  watch(b, a);
  a.pipe(b);
  b.pipe(a);
}

/**
 * At once, unsent data and all. `resetAndDestroy()` would first write out what is left and send FIN; the flag is the
 * one that it sets. Where FIN is on its way already a reset fails and the socket would never tell its close.
 */
function cutOff(stream: Duplex): void {
  if (isTcp(stream) && !stream.writableEnded) Reflect.set(stream, 'resetAndClosing', true);
  stream.destroy();
}

/** A plain TCP socket: what is derived from it, such as TLS, knows no reset. */
function isTcp(stream: Duplex): stream is Socket {
  const made: unknown = stream.constructor;
  return made === Socket && Reflect.get(stream, 'remoteFamily') !== undefined;
}

function destroyWhenWritten(stream: Duplex): void {
  if (stream.writableFinished) {
    stream.destroy();
    return;
  }
  stream.once('finish', () => stream.destroy());
  stream.end();
}
