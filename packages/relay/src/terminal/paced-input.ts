import type { Client, ClientChannel } from 'ssh2';

/**
 * Bytes of input that may be on their way. While a program reads without echo, OpenSSH's sshd answers each write to the
 * terminal with an SSH_MSG_IGNORE of the same length, so that nobody can tell a password by its silence; more than a
 * packet may hold (35 000 bytes, RFC 4253 §6.1) ends the connection.
 */
export const INPUT_AHEAD_MAX = 16 * 1024;

type Done = (error?: Error | null) => void;

/**
 * Lets a large paste go to the shell in pieces, each when the device has taken the one before.
 * @param ask asks the device for a sign of life behind all that was sent, and calls back when it came
 */
export function paceInput(channel: ClientChannel, ask: (heard: () => void) => void): void {
  const write = channel._write.bind(channel);
  let ahead = 0;
  let asked = false;
  let waiting: (() => void) | undefined;
  const askIfDue = (): void => {
    if (asked || ahead < INPUT_AHEAD_MAX / 2) return;
    asked = true;
    const sent = ahead;
    ask(() => {
      asked = false;
      ahead -= sent;
      const go = waiting;
      waiting = undefined;
      go?.();
      askIfDue();
    });
  };
  channel._write = (chunk: Buffer, encoding, done: Done): void => {
    const send = (offset: number): void => {
      const room = INPUT_AHEAD_MAX - ahead;
      if (room === 0) {
        waiting = () => send(offset);
        return;
      }
      const piece = chunk.subarray(offset, offset + room);
      ahead += piece.length;
      const end = offset + piece.length;
      write(piece, encoding, (error?: Error | null) => {
        if (error != null || end >= chunk.length) done(error);
        else send(end);
      });
      askIfDue();
    };
    send(0);
  };
}

/** Asks a server for a sign of life (`keepalive@openssh.com`), which every server answers, be it with a refusal. */
export function askServer(client: Client, heard: () => void): void {
  // ssh2 does this by itself with a timer; it has no public way to do it now.
  const callbacks: unknown = Reflect.get(client, '_callbacks');
  const protocol: unknown = Reflect.get(client, '_protocol');
  if (!Array.isArray(callbacks) || typeof protocol !== 'object' || protocol === null) return;
  const ping: unknown = Reflect.get(protocol, 'ping');
  if (typeof ping !== 'function') return;
  callbacks.push(heard);
  Reflect.apply(ping, protocol, []);
}
