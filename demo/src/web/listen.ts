import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A program of the demo home that is listening on loopback. */
export interface Program {
  readonly port: number;
  /** Ends all its connections and stops listening. Idempotent. */
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1; `closing` ends what `close()` of the HTTP server does not know of. */
export async function listen(
  handler: RequestListener,
  prepare?: (server: Server) => () => void,
): Promise<Program> {
  const server = createServer(handler);
  const closing = prepare?.(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    port,
    close() {
      closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        closing?.();
        server.closeAllConnections();
      });
      return closed;
    },
  };
}
