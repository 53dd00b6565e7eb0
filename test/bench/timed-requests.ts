import { once } from 'node:events';
import net, { type Socket } from 'node:net';

/** A kept-alive connection on which small requests are timed one after the other, from the write to the first byte. */
export interface TimedRequests {
  /** ms to the first byte. @throws Error for any answer but 200 */
  one(): Promise<number>;
  times(count: number): Promise<number[]>;
  close(): void;
}

export async function openTimedRequests(to: {
  port: number;
  host: string;
  cookie: string;
}): Promise<TimedRequests> {
  const socket: Socket = net.connect({ port: to.port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const head = `GET /small HTTP/1.1\r\nHost: ${to.host}\r\nCookie: ${to.cookie}\r\n\r\n`;
  const one = (): Promise<number> =>
    new Promise((resolve, reject) => {
      let first: number | undefined;
      let text = '';
      const sent = performance.now();
      const settle = (act: () => void): void => {
        socket.off('data', onData);
        socket.off('close', onClose);
        act();
      };
      const onClose = (): void => settle(() => reject(new Error('the connection was closed')));
      const onData = (chunk: Buffer): void => {
        first ??= performance.now() - sent;
        const took = first;
        text += chunk.toString('latin1');
        const end = text.indexOf('\r\n\r\n');
        const length = Number(/^content-length: *(\d+)/im.exec(text)?.[1]);
        if (end < 0 || text.length < end + 4 + length) return;
        settle(() => (text.startsWith('HTTP/1.1 200') ? resolve(took) : reject(new Error(text))));
      };
      socket.on('data', onData);
      socket.on('close', onClose);
      socket.write(head);
    });
  return {
    one,
    async times(count) {
      const taken: number[] = [];
      for (let i = 0; i < count; i += 1) taken.push(await one());
      return taken;
    },
    close: () => socket.destroy(),
  };
}
