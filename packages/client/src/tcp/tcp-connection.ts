import type { Tunnel } from './tunnel.ts';

/** One TCP connection to a device: bytes both ways, with half-close and back-pressure. */
export interface TcpConnection {
  /** Ends when the device sends no more; errors when the connection is cut off. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Closing it ends this direction only, as TCP's FIN; aborting it cuts the connection off. */
  readonly writable: WritableStream<Uint8Array>;
  /** Resolves when the connection is gone, in order or not. */
  readonly closed: Promise<void>;
  /** Cuts it off. Idempotent. */
  close(): void;
}

/** A tunnel as web streams. */
export function tcpConnection(tunnel: Tunnel): TcpConnection {
  return {
    // Nothing is read ahead: what waits here has not been taken, and the device stops.
    readable: new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const bytes = await tunnel.read();
          if (bytes === undefined) controller.close();
          else controller.enqueue(bytes);
        },
        cancel: (reason: unknown) => tunnel.destroy(reason),
      },
      { highWaterMark: 0 },
    ),
    writable: new WritableStream<Uint8Array>({
      write: (bytes) => tunnel.write(bytes),
      close: () => tunnel.end(),
      abort: (reason: unknown) => tunnel.destroy(reason),
    }),
    closed: tunnel.closed,
    close: () => tunnel.destroy(),
  };
}
