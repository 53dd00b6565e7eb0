// A local TCP server for bulk transfers. The first byte says what the client wants: `d`, as many bytes as it reads;
// `u`, to send as many as it likes, and to be told their number after its FIN. Prints its port as JSON.
import net, { type AddressInfo, type Socket } from 'node:net';

const CHUNK = Buffer.alloc(256 * 1024, 'porchlight ');

function pour(socket: Socket): void {
  while (socket.writable && socket.write(CHUNK)) {
    // Until the buffer is full; `drain` goes on.
  }
}

const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  let received = 0;
  socket.on('error', () => socket.destroy());
  socket.once('data', (first: Buffer) => {
    if (first[0] === 0x64) {
      socket.on('drain', () => pour(socket));
      pour(socket);
      return;
    }
    received += first.length;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    socket.on('end', () => socket.end(`${received}\n`));
  });
});
server.listen(0, process.argv[2] ?? '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
