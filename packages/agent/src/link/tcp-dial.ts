import net, { type Socket } from 'node:net';
import type { ProxySettings } from './proxy-environment.ts';

/** Longest answer head of a proxy. */
const PROXY_HEAD_MAX = 8 * 1024;

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  readonly proxy: ProxySettings | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Opens a TCP connection, through the HTTP proxy if there is one (CONNECT, RFC 9110 §9.3.6), with no delay set.
 * @throws Error that says where it failed
 */
export async function dialTcp(options: DialOptions): Promise<Socket> {
  const { host, port, proxy } = options;
  const first = proxy ?? options;
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([options.signal, deadline]);
  const socket = net.connect({ host: first.host, port: first.port, noDelay: true });
  const abort = (): void => {
    socket.destroy(
      new Error(options.signal.aborted ? 'stopped' : `no answer from ${first.host}:${first.port}`),
    );
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    await happened(socket, 'connect');
    if (proxy !== undefined)
      await connectThrough(socket, proxy, `${net.isIPv6(host) ? `[${host}]` : host}:${port}`);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function connectThrough(socket: Socket, proxy: ProxySettings, target: string): Promise<void> {
  const authorization =
    proxy.credentials === undefined
      ? ''
      : `Proxy-Authorization: Basic ${Buffer.from(proxy.credentials).toString('base64')}\r\n`;
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`);
  let head = '';
  for (;;) {
    await happened(socket, 'readable');
    const chunk: Buffer | null = socket.read();
    if (chunk === null) {
      if (socket.readableEnded) throw new Error('the proxy closed the connection');
      continue;
    }
    head += chunk.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end >= 0) {
      const rest = Buffer.from(head.slice(end + 4), 'latin1');
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
      // Any 2xx (RFC 9110 §9.3.6).
      if (status?.startsWith('2') !== true)
        throw new Error(`the proxy refused to connect to ${target} (${status ?? 'no HTTP'})`);
      if (rest.length > 0) socket.unshift(rest);
      return;
    }
    if (head.length > PROXY_HEAD_MAX) throw new Error('the answer of the proxy is too long');
  }
}

function happened(socket: Socket, event: 'connect' | 'readable'): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => settle(resolve);
    const failed = (error?: Error): void =>
      settle(() => reject(error ?? new Error('the connection was closed')));
    const ended = (): void => failed();
    const settle = (call: () => void): void => {
      socket.off(event, done);
      socket.off('error', failed);
      socket.off('close', ended);
      call();
    };
    socket.once(event, done);
    socket.once('error', failed);
    socket.once('close', ended);
  });
}
