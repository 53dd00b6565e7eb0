import { Duplex } from 'node:stream';
import type { Channel as Ssh2Channel } from 'ssh2';

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
const SOCKET_METHODS = {
  setNoDelay: self,
  setKeepAlive: self,
  setTimeout: self,
  ref: self,
  unref: self,
};

/**
 * Takes over a channel that `ssh2` has just opened, before anything is written to it.
 * @param onOverflow called when the peer sends more than its window allows; ends the link
 */
export function adoptChannel(channel: Ssh2Channel, onOverflow: () => void): Channel {
  // ssh2 closes the whole channel when the server's side ends its direction; a half-close is what TCP does.
  channel.removeAllListeners('finish');
  channel.removeAllListeners('prefinish');
  channel.on('finish', () => channel.eof());
  // ssh2 does not enforce its own window: a peer that ignores it would fill the memory.
  const push = channel.push;
  channel.push = function guardedPush(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (channel.readableLength > CHANNEL_BUFFER_MAX) {
      onOverflow();
      return false;
    }
    return push.call(channel, chunk, encoding);
  };
  return Object.assign(channel, SOCKET_METHODS);
}
