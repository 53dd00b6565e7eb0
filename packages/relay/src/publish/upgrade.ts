import http, { type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { joinStreams } from '@porchlight/link';
import { PorchlightError } from '@porchlight/protocol';
import { upgradeFailure } from './failure.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import { agentFailure, type ProxyTarget } from './proxy.ts';

/**
 * Passes an HTTP/1.1 upgrade (RFC 9110 §7.8; WebSocket, RFC 6455) to the service and joins the two connections when
 * it answers 101. Any other answer goes to the visitor as it is.
 */
export function proxyUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer, target: ProxyTarget): void {
  const headers = requestHeaders(req.rawHeaders, target.facts, target);
  headers.push('Connection', 'Upgrade', 'Upgrade', req.headers.upgrade ?? '');
  const upstream = http.request({
    agent: target.agent,
    method: req.method,
    path: req.url,
    headers,
    setHost: false,
  });
  const fail = (error: PorchlightError): void => {
    target.onOutcome(error);
    refuseUpgrade(socket, error);
  };
  socket.on('error', () => upstream.destroy());
  socket.on('close', () => upstream.destroy());
  upstream.on('upgrade', (answer, channel, channelHead) => {
    target.onOutcome(undefined);
    const fields = responseHeaders(answer.rawHeaders, target.facts.host);
    fields.push('Connection', 'Upgrade', 'Upgrade', answer.headers.upgrade ?? '');
    socket.write(headBlock(101, answer.statusMessage ?? 'Switching Protocols', fields));
    if (channelHead.length > 0) socket.write(channelHead);
    if (head.length > 0) channel.write(head);
    joinStreams(socket, channel);
  });
  upstream.on('response', (answer) => {
    const failure = agentFailure(answer);
    if (failure !== undefined) {
      answer.resume();
      fail(failure);
      return;
    }
    target.onOutcome(undefined);
    const fields = responseHeaders(answer.rawHeaders, target.facts.host);
    // Ended by closing: simple, and what was asked for will not come anyway.
    fields.push('Connection', 'close');
    socket.write(headBlock(answer.statusCode ?? 502, answer.statusMessage ?? '', fields));
    answer.pipe(socket);
  });
  upstream.on('error', (error) => {
    fail(
      error instanceof PorchlightError
        ? error
        : new PorchlightError('service_unreachable', undefined, { cause: error }),
    );
  });
  upstream.end();
}

/** Ends an upgrade request with an error. */
export function refuseUpgrade(
  socket: Duplex,
  error: PorchlightError,
  extra?: Readonly<Record<string, string>>,
): void {
  if (socket.destroyed || !socket.writable) return;
  socket.end(upgradeFailure(error, extra));
}

function headBlock(status: number, message: string, fields: readonly string[]): string {
  let block = `HTTP/1.1 ${status} ${message}\r\n`;
  for (let i = 0; i + 1 < fields.length; i += 2) block += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return `${block}\r\n`;
}
