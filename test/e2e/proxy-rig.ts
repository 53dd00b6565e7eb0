import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';

/** What a middlebox on the way lets through, by the first bytes after the connection. */
export type Allows = (port: number, firstByte: number) => boolean;

/**
 * An HTTP proxy on loopback that knows CONNECT only, and may look into what passes, as the ones of companies do. It
 * alone can resolve `domain`, which is this machine.
 */
export async function startProxy(domain: string, allowsPort: (port: number) => boolean, allows: Allows) {
  const tunnels: number[] = [];
  const sockets = new Set<Socket>();
  const server = http.createServer((_req, res) => res.writeHead(405).end());
  server.on('connect', (req, socket: Socket, head: Buffer) => {
    const port = Number(/:(\d+)$/.exec(req.url ?? '')?.[1]);
    if (!(req.url ?? '').startsWith(`${domain}:`) || !allowsPort(port)) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    tunnels.push(port);
    const upstream = net.connect({ port, host: '127.0.0.1', noDelay: true });
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    socket.once('data', (first: Buffer) => {
      if (!allows(port, first[0] ?? 0)) return void socket.destroy();
      upstream.write(first);
      socket.pipe(upstream);
      upstream.pipe(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
