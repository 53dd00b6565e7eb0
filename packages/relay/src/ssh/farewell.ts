import type { ServerChannel } from 'ssh2';
import { disconnectWith } from './server-messages.ts';
import type { ProvenClient } from './ssh-server.ts';
import { answer } from './stock-commands.ts';

/** The exit code of OpenSSH when the connection and not the command failed. */
const CONNECTION_FAILED = 255;

/** True for a client that reads over a channel only why it is ended. It opens its first one once it was let in. */
export function needsChannel({ software }: Pick<ProvenClient, 'software'>): boolean {
  return software.startsWith('dropbear');
}

/**
 * Tells a stock client why it is ended, and ends it. OpenSSH prints what SSH_MSG_DISCONNECT says and leaves with 255.
 * dropbear does not, and takes that message for a good end: it is told over the channels that it has open, and the
 * connection closes without a word, which it leaves with 1.
 */
export function farewell(
  client: Pick<ProvenClient, 'connection' | 'software'>,
  channels: Iterable<ServerChannel>,
  reason: string,
): void {
  const { connection } = client;
  if (!needsChannel(client)) return disconnectWith(connection, `Porchlight: ${reason}`);
  for (const channel of channels) answer(channel, { output: '', error: reason, code: CONNECTION_FAILED });
  const socket = Reflect.get(connection, '_sock') as { end(): void };
  socket.end();
}
