import { type Duplex, duplexPair } from 'node:stream';
import { SOCKET_METHODS } from '../channel.ts';

/**
 * A byte stream inside the process, both ends fit for `http.Agent` and `http.Server`. When one end is destroyed the
 * other is cut off, as a TCP connection is.
 */
export function openChannelPair(): [near: Duplex, far: Duplex] {
  const [near, far] = duplexPair();
  cutTogether(near, far);
  cutTogether(far, near);
  return [Object.assign(near, SOCKET_METHODS), Object.assign(far, SOCKET_METHODS)];
}

function cutTogether(one: Duplex, other: Duplex): void {
  // Whoever takes it may not listen yet; `close` tells the rest.
  one.on('error', () => undefined);
  one.once('close', () => {
    if (other.destroyed) return;
    // Ended in order: what is still unread there is for its reader.
    if (one.readableEnded && one.writableFinished) return;
    other.destroy(Object.assign(new Error('the channel was cut off'), { code: 'ECONNRESET' }));
  });
}
