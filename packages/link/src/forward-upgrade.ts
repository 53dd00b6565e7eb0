import http, { type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Forwarding, protocolOf } from './forward-request.ts';
import { joinStreams } from './join-streams.ts';

/**
 * Passes an HTTP/1.1 upgrade (RFC 9110 §7.8; WebSocket, RFC 6455) on, and joins the two connections when the answer is
 * 101. Any other answer goes to the asker as it is, and the connection ends with it.
 * @param socket the asker's connection, from node:http's `upgrade` event
 * @param head what came behind the request's head already
 */
export function forwardUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer, to: Forwarding): void {
  const upgrade = req.headers.upgrade ?? '';
  const upstream = http.request({
    agent: to.agent,
    protocol: protocolOf(to.agent),
    ...(to.host === undefined ? {} : { host: to.host, port: to.port }),
    method: req.method,
    path: to.path,
    headers: [...to.headers, 'Connection', 'Upgrade', 'Upgrade', upgrade],
    setHost: false,
  });
  let joined = false;
  const onAskerGone = (): void => {
    if (!joined) upstream.destroy();
  };
  socket.on('error', onAskerGone);
  socket.on('close', onAskerGone);
  upstream.on('upgrade', (answer, channel, channelHead) => {
    const fields = to.onAnswer(answer);
    if (fields === undefined) {
      channel.destroy();
      return;
    }
    joined = true;
    fields.push('Connection', 'Upgrade', 'Upgrade', answer.headers.upgrade ?? upgrade);
    socket.write(headBlock(101, answer.statusMessage ?? 'Switching Protocols', fields));
    if (channelHead.length > 0) socket.write(channelHead);
    if (head.length > 0) channel.write(head);
    joinStreams(socket, channel);
  });
  upstream.on('response', (answer) => {
    const fields = to.onAnswer(answer);
    if (fields === undefined) {
      answer.resume();
      return;
    }
    fields.push('Connection', 'close');
    socket.write(headBlock(answer.statusCode ?? 502, answer.statusMessage ?? '', fields));
    answer.pipe(socket);
  });
  upstream.on('error', (error) => {
    if (!joined && !socket.destroyed) to.onError(error);
  });
  upstream.end();
}

function headBlock(status: number, message: string, fields: readonly string[]): string {
  let block = `HTTP/1.1 ${status} ${message}\r\n`;
  for (let i = 0; i + 1 < fields.length; i += 2) block += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return `${block}\r\n`;
}
