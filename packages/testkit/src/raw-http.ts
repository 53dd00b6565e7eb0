import net from 'node:net';

/** What came back over a raw connection until it ended. */
export interface RawAnswer {
  readonly text: string;
  /** It ended in order, and not by a reset or by this side. */
  readonly ended: boolean;
}

/**
 * Sends bytes to a port of this machine as they are, and collects what comes back until the relay hangs up or `enough`
 * holds: for requests that no HTTP client would send.
 */
export function rawExchange(
  port: number,
  bytes: string | Buffer | readonly (string | Buffer)[],
  enough: (text: string) => boolean = () => false,
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    const done = (ended: boolean): void => {
      socket.destroy();
      resolve({ text, ended });
    };
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (enough(text)) done(false);
    });
    socket.on('end', () => done(true));
    socket.on('error', () => done(false));
    socket.on('close', () => done(false));
    socket.on('connect', () => {
      for (const part of typeof bytes === 'string' || Buffer.isBuffer(bytes) ? [bytes] : bytes)
        socket.write(part);
    });
  });
}
