/** Peers for the tests of this folder: servers and clients of node's own TLS. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { type Logger } from '../telemetry/index.ts';
import type { TlsSource } from './tls-source.ts';

/** What a test has opened, closed in reverse. */
export const toClose: (() => unknown)[] = [];

export function closeAll(): void {
  for (const close of toClose.splice(0).reverse()) close();
}

/** A log that can be read. */
export function recorder(): { logger: Logger; events: string[] } {
  const events: string[] = [];
  const note = (fields: object, event: string) => void events.push(`${event} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: () => {}, info: note, warn: note, error: note, child: () => logger };
  return { logger, events };
}

/** A server that echoes, with the source's certificate. */
export async function listen(source: TlsSource): Promise<{ port: number }> {
  const server = createServer(source.serverOptions(), (socket) => socket.pipe(socket));
  server.on('tlsClientError', () => {});
  toClose.push(
    source.keepFresh(server),
    () => source.close(),
    () => server.close(),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port };
}

export async function dial(port: number, servername: string, ca: string | undefined): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername, ca, rejectUnauthorized: ca !== undefined });
  toClose.push(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

export async function serialSeen(port: number): Promise<string> {
  const socket = await dial(port, '', undefined);
  return socket.getPeerCertificate().serialNumber;
}
