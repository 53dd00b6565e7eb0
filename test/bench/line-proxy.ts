import net, { type AddressInfo, type Socket } from 'node:net';

/** What went through so far, in one direction. */
export interface Counted {
  bytes: number;
  /** Reads of the proxy; on a quiet line each is one segment. */
  chunks: number;
}

export interface LineProxy {
  readonly port: number;
  /** From those who dial, and to them. */
  readonly up: Counted;
  readonly down: Counted;
  close(): void;
}

/**
 * A TCP proxy that stands for a line to the internet: it counts, and it passes every byte on `delayMs` later, in order
 * (the kernel here cannot delay packets).
 */
export async function openLineProxy(line: {
  host: string;
  target: number;
  delayMs: number;
}): Promise<LineProxy> {
  const up: Counted = { bytes: 0, chunks: 0 };
  const down: Counted = { bytes: 0, chunks: 0 };
  const sockets = new Set<Socket>();
  const server = net.createServer({ noDelay: true }, (near) => {
    const far = net.connect({ port: line.target, host: '127.0.0.1', noDelay: true });
    for (const [from, to, counted] of [
      [near, far, up],
      [far, near, down],
    ] as const) {
      sockets.add(from);
      from.on('error', () => from.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on('data', (chunk: Buffer) => {
        counted.bytes += chunk.length;
        counted.chunks += 1;
        if (line.delayMs === 0) to.write(chunk);
        else setTimeout(() => to.write(chunk), line.delayMs);
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, line.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    up,
    down,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
