/** A local port that leads to a service of a device through the client library: a process, as a person has one. */
import net, { type AddressInfo } from 'node:net';
import { Client } from '@porchlight/client';
import { findLoopbackNames, TcpDuplex } from '@porchlight/client/node';

findLoopbackNames();
const [relay = '', token = '', device = '', service = ''] = process.argv.slice(2);
const remote = new Client({ relay, token, lan: 'never' }).device(device);

const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  remote.tunnel(service).then(
    (tunnel) => {
      const stream = new TcpDuplex(tunnel);
      for (const [one, other] of [
        [socket, stream],
        [stream, socket],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
      socket.pipe(stream).pipe(socket);
    },
    () => socket.destroy(),
  );
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
