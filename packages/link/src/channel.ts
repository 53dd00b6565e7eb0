import { Duplex, Readable } from 'node:stream';
import type { Channel as Ssh2Channel } from 'ssh2';
import { gatherChunks } from './gather-writes.ts';

/**
 * Most that one channel may hold unread. The window that `ssh2` gives is 2 MiB (fixed in its source); a peer that
 * respects it never comes near twice that, and one that does not is cut off.
 */
export const CHANNEL_BUFFER_MAX = 4 * 1024 * 1024;

/**
 * A forwarded channel (RFC 4254 §7.2) as an ordinary half-closable byte stream, fit for `http.Agent` and
 * `http.Server`, which call a socket's methods on it. `end()` sends EOF once all is written and leaves the other
 * direction open; the channel closes when both are done, or at `destroy()`.
 */
export type Channel = Duplex;

function self(this: Duplex): Duplex {
  return this;
}

/** Socket methods that mean nothing on a channel: the link's own socket has no delay set and has its own deadlines. */
export const SOCKET_METHODS = {
  setNoDelay: self,
  setKeepAlive: self,
  setTimeout: self,
  ref: self,
  unref: self,
};

/**
 * Takes over a channel that `ssh2` has just opened, before anything is written to it. Its end is told as a TCP
 * connection tells it: `end` for the peer's EOF; `error` with code ECONNRESET when the peer or the link cut it; `close`
 * once, last, when the peer has closed it too or the link is gone. After `destroy()` nothing has to be read for that.
 * @param onOverflow called when the peer sends more than its window allows; ends the link
 */
export function adoptChannel(channel: Ssh2Channel, onOverflow: () => void): Channel {
  // ssh2 closes the whole channel when the server's side ends its direction; a half-close is what TCP does.
  channel.removeAllListeners('finish');
  channel.removeAllListeners('prefinish');
  channel.on('finish', () => channel.eof());
  // Extended data has no meaning here (RFC 4254 §5.2): unread, it would fill the memory.
  if (channel.stderr instanceof Readable) channel.stderr.resume();
  guardPush(channel, onOverflow);
  mendDestroy(channel);
  gatherChunks(channel);
  // An error may come before the taker has had time to listen; its `close` tells the rest.
  channel.on('error', () => undefined);
  return Object.assign(channel, SOCKET_METHODS);
}

/** ssh2 does not enforce its own window, and shows a channel that was cut as one that ended. */
function guardPush(channel: Ssh2Channel, onOverflow: () => void): void {
  const push = channel.push;
  let ended = false;
  channel.push = function guardedPush(chunk: unknown, encoding?: BufferEncoding): boolean {
    // CLOSE behind EOF, while what came before is still unread: it ended, and has all of it.
    if (chunk === null && ended) return false;
    // The end without the peer's EOF before (RFC 4254 §5.3): ssh2 sets this state for CLOSE and for a dead link.
    if (chunk === null && isClosedByPeer(channel)) {
      const cut = Object.assign(new Error('the channel was cut off'), { code: 'ECONNRESET' });
      // ssh2 goes on with this channel after it has pushed.
      process.nextTick(() => Reflect.apply(channel.destroy, channel, [cut])); // its types know no error
      return false;
    }
    if (chunk === null) ended = true;
    if (channel.readableLength > CHANNEL_BUFFER_MAX) {
      onOverflow();
      return false;
    }
    return push.call(channel, chunk, encoding);
  };
}

/** ssh2's `destroy` keeps what is unread, and waits with `close` until somebody reads it. */
function mendDestroy(channel: Ssh2Channel): void {
  let closed = false;
  channel.once('close', () => {
    closed = true;
    channel.destroy(); // no write can succeed any more
  });
  channel.destroy = (error?: Error) => {
    if (channel.destroyed) return channel;
    channel.close();
    Duplex.prototype.destroy.call(channel, error);
    // Otherwise ssh2 tells it when the peer has answered.
    if (isClosedByPeer(channel)) {
      process.nextTick(() => {
        if (!closed) channel.emit('close');
      });
    }
    return channel;
  };
}

function isClosedByPeer(channel: Ssh2Channel): boolean {
  const incoming: unknown = Reflect.get(channel, 'incoming');
  return typeof incoming === 'object' && incoming !== null && Reflect.get(incoming, 'state') === 'closed';
}
