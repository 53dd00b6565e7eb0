import http, { type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Forwarding, protocolOf } from './forward-request.ts';
import { withoutField } from './http-headers.ts';
import { joinStreams } from './join-streams.ts';

/** Bytes that an asker may send before its upgrade is answered; WebSocket clients send none. */
const EARLY_MAX = 64 * 1024;

/**
 * True for a request whose `Upgrade` is taken up: one without a body, and not to HTTP/2, which every server may
 * ignore (RFC 9110 §7.8). Any other is an ordinary request. Fit for node:http's `shouldUpgradeCallback`.
 */
export function isForwardableUpgrade(req: IncomingMessage): boolean {
  const { headers } = req;
  if (headers['transfer-encoding'] !== undefined) return false;
  if (headers['content-length'] !== undefined && headers['content-length'] !== '0') return false;
  return headers.upgrade !== undefined && !/^\s*h2c\b/i.test(headers.upgrade);
}

/**
 * Passes an HTTP/1.1 upgrade (RFC 9110 §7.8; WebSocket, RFC 6455) on, and joins the two connections when the answer is
 * 101. Any other answer goes to the asker as it is, and the connection ends with it.
 * @param socket the asker's connection, from node:http's `upgrade` event
 * @param head what came behind the request's head already
 */
export function forwardUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer, to: Forwarding): void {
  const upgrade = req.headers.upgrade ?? '';
  let upstream: http.ClientRequest;
  try {
    upstream = http.request({
      agent: to.agent,
      protocol: protocolOf(to.agent),
      ...(to.host === undefined ? {} : { host: to.host, port: to.port }),
      method: req.method,
      path: to.path,
      headers: [...withoutField(to.headers, 'trailer'), 'Connection', 'Upgrade', 'Upgrade', upgrade],
      setHost: false,
    });
  } catch (error) {
    to.onError(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  let answered = false;
  let joined = false;
  const early = holdEarly(socket, head, () => {
    socket.destroy();
    upstream.destroy();
  });
  const onAskerGone = (): void => {
    if (!joined) upstream.destroy();
  };
  socket.on('error', onAskerGone);
  socket.on('close', onAskerGone);
  upstream.on('upgrade', (answer, channel, channelHead) => {
    answered = true;
    const first = early.release();
    const fields = to.onAnswer(answer);
    if (fields === undefined) {
      channel.destroy();
      return;
    }
    joined = true;
    fields.push('Connection', 'Upgrade', 'Upgrade', answer.headers.upgrade ?? upgrade);
    socket.write(headBlock(101, answer.statusMessage ?? 'Switching Protocols', fields));
    if (channelHead.length > 0) socket.write(channelHead);
    if (first.length > 0) channel.write(first);
    joinStreams(socket, channel);
  });
  upstream.on('response', (answer) => {
    answered = true;
    early.release();
    socket.resume(); // what comes is for nobody, but its end has to be heard
    const fields = to.onAnswer(answer);
    if (fields === undefined) {
      answer.resume();
      return;
    }
    fields.push('Connection', 'close');
    socket.write(headBlock(answer.statusCode ?? 502, answer.statusMessage ?? '', fields));
    answer.pipe(socket);
    answer.on('error', () => socket.destroy());
    // Cut off half way: the asker must neither wait nor take it for the whole.
    answer.on('close', () => {
      if (!answer.complete) socket.destroy();
    });
  });
  upstream.on('error', (error) => {
    if (joined || socket.destroyed) return;
    if (answered) socket.destroy();
    else to.onError(error);
  });
  upstream.end();
}

/**
 * Reads on while nobody has answered: a connection that is not read does not tell that its asker has gone. What comes
 * is kept, up to a bound beyond which it is not read any more.
 * @param onGone the asker ended its direction, which before an answer means that it waits for none
 */
function holdEarly(socket: Duplex, head: Buffer, onGone: () => void): { release(): Buffer } {
  const chunks = [head];
  let length = head.length;
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > EARLY_MAX) socket.pause();
  };
  socket.on('data', onData);
  socket.on('end', onGone);
  return {
    release() {
      socket.off('data', onData);
      socket.off('end', onGone);
      socket.pause();
      return Buffer.concat(chunks);
    },
  };
}

/** Bytes as node:http read them: latin1, so that none is changed on the way. */
function headBlock(status: number, message: string, fields: readonly string[]): Buffer {
  let block = `HTTP/1.1 ${status} ${message}\r\n`;
  for (let i = 0; i + 1 < fields.length; i += 2) block += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return Buffer.from(`${block}\r\n`, 'latin1');
}
