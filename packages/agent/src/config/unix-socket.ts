import { once } from 'node:events';
import type { Server } from 'node:net';
import { ConfigError, systemErrorCode } from './config-error.ts';

/** `sun_path` holds 108 bytes with its closing NUL on Linux, 104 on macOS. */
const SOCKET_PATH_MAX = 103;

/**
 * Listens on a Unix domain socket that only this user may connect to.
 * @throws ConfigError when the path is too long; the system's error, e.g. `EADDRINUSE`, otherwise
 */
export async function listenOnPath(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > SOCKET_PATH_MAX) {
    throw new ConfigError(
      `${path} is too long for a socket: choose a data folder with a shorter path by --data`,
    );
  }
  const listening = once(server, 'listening');
  // Node binds within the call, so the file has its mode from the beginning and nobody else sees this umask.
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await listening;
}

/** True for the errors of connecting to a socket file that no process listens on. */
export function isDeadSocket(error: unknown): boolean {
  return ['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'].includes(systemErrorCode(error));
}
