import { PorchlightError } from '@porchlight/protocol';
import { BEARER_SUBPROTOCOL, REFUSED_SUBPROTOCOL, SERVICE_SUBPROTOCOL } from '@porchlight/protocol/tunnel';
import type { CallOptions } from '../api/index.ts';
import { problemError } from '../errors/index.ts';
import type { WebSocketConstructor } from '../tcp/index.ts';
import type { TokenSource } from '../tokens/index.ts';

export interface SocketOptions extends CallOptions {
  /** Subprotocols of the service's own. Where it chooses none, the relay's `porchlight.socket` may be shown. */
  readonly protocols?: readonly string[] | undefined;
}

/**
 * Opens a WebSocket at a device's host on the relay. Why one is refused cannot be read from a failed handshake in a
 * browser, so the relay opens it, says why, and closes it. A token that is refused is renewed once.
 */
export async function openRelaySocket(
  webSocket: WebSocketConstructor,
  url: string,
  tokens: TokenSource | undefined,
  options: SocketOptions,
): Promise<WebSocket> {
  const token = await tokens?.token(options.signal);
  try {
    return await openOnce(webSocket, url, token, options);
  } catch (error) {
    const refused = error instanceof PorchlightError && error.code === 'token_invalid';
    if (!refused || token === undefined) throw error;
    const second = await tokens?.renew?.(token, options.signal);
    if (second === undefined || second === token) throw error;
    return openOnce(webSocket, url, second, options);
  }
}

async function openOnce(
  webSocket: WebSocketConstructor,
  url: string,
  token: string | undefined,
  { protocols = [], signal }: SocketOptions,
): Promise<WebSocket> {
  const bearer = token === undefined ? [] : [BEARER_SUBPROTOCOL + token];
  const offered = [...protocols, SERVICE_SUBPROTOCOL, REFUSED_SUBPROTOCOL, ...bearer];
  const socket = await openSocket(webSocket, url, { protocols: offered, signal });
  if (socket.protocol !== REFUSED_SUBPROTOCOL) return socket;
  throw await refusalOf(socket, token !== undefined);
}

/** The problem document that comes as the one message. */
function refusalOf(socket: WebSocket, tokenSent: boolean): Promise<PorchlightError> {
  return new Promise((resolve) => {
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const told = typeof data === 'string' ? problemError(parse(data), 0) : undefined;
      const refused = told?.code === 'not_signed_in' && tokenSent;
      if (told !== undefined) resolve(refused ? new PorchlightError('token_invalid') : told);
    });
    socket.addEventListener('close', () =>
      resolve(new PorchlightError('bad_answer', 'The relay refused the WebSocket and did not say why')),
    );
  });
}

/** Resolves when it is open. @throws PorchlightError `service_unreachable`, or the abort's reason */
export function openSocket(
  webSocket: WebSocketConstructor,
  url: string,
  { protocols = [], signal }: SocketOptions,
): Promise<WebSocket> {
  signal?.throwIfAborted();
  const socket = new webSocket(url.replace(/^http/, 'ws'), [...protocols]);
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => () => {
      signal?.removeEventListener('abort', leave);
      act();
    };
    const leave = settle(() => {
      socket.close();
      reject(signal?.reason);
    });
    signal?.addEventListener('abort', leave, { once: true });
    socket.addEventListener(
      'open',
      settle(() => resolve(socket)),
      { once: true },
    );
    const failed = settle(() =>
      reject(new PorchlightError('service_unreachable', 'The service opened no WebSocket there')),
    );
    socket.addEventListener('error', failed, { once: true });
    socket.addEventListener('close', failed, { once: true });
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
