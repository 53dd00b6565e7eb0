/**
 * What stands between a device and the internet, as a program: `node middlebox-program.ts MODE PORT ARGUMENT`.
 *
 *     tls-only PORT HOST:PORT   passes connections on to HOST:PORT if they begin as TLS does, and cuts all others
 *     connect PORT ALLOWED      an HTTP proxy that knows CONNECT only (RFC 9110 §9.3.6), to the port ALLOWED only
 *
 * Says `{"msg":"middlebox ready"}`, then a line for each connection: `{"msg":"passed",…}` or `{"msg":"cut",…}`.
 */
import net, { type Socket } from 'node:net';

const [mode = '', port = '', argument = ''] = process.argv.slice(2);

function say(msg: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ msg, ...fields })}\n`);
}

function join(from: Socket, host: string, toPort: number, greet: () => void): void {
  const to = net.connect({ host, port: toPort, noDelay: true });
  for (const [one, other] of [
    [from, to],
    [to, from],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
  to.once('connect', () => {
    greet();
    from.pipe(to);
    to.pipe(from);
  });
}

function passTls(socket: Socket, first: Buffer): void {
  if (first[0] !== 0x16) {
    say('cut', { began: first.subarray(0, 4).toString('latin1') });
    socket.destroy();
    return;
  }
  const [host = '', toPort = ''] = argument.split(':');
  say('passed', { to: argument });
  socket.unshift(first);
  join(socket, host, Number(toPort), () => undefined);
}

function connect(socket: Socket, first: Buffer): void {
  const [, host, toPort] = /^CONNECT ([^: ]+):(\d+) HTTP\/1\.1\r\n/.exec(first.toString('latin1')) ?? [];
  if (host === undefined || toPort !== argument) {
    say('cut', { to: `${host}:${toPort}` });
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  say('passed', { to: `${host}:${toPort}` });
  join(socket, host, Number(toPort), () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
}

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', (first) => {
    socket.pause();
    if (mode === 'connect') connect(socket, first);
    else passTls(socket, first);
  });
});
server.listen(Number(port), '0.0.0.0', () => say('middlebox ready'));
