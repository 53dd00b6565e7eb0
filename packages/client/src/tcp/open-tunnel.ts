import { PorchlightError } from '@porchlight/protocol';
import { BEARER_SUBPROTOCOL, TCP_SUBPROTOCOL, tunnelPath } from '@porchlight/protocol/tunnel';
import type { ApiCaller, CallOptions } from '../api/index.ts';
import { type Tunnel, WebSocketTunnel } from './tunnel.ts';

/** A TCP port of the device, or a service of it by name. */
export type TcpTarget = number | string;

export interface ConnectOptions extends CallOptions {
  /** Called when the device calls home and has to be waited for; `dueAt`: when its next call is expected. */
  readonly onWaiting?: ((waiting: { readonly dueAt: number }) => void) | undefined;
}

/** Opens a TCP connection to an address of the LAN, which browsers cannot: `openLanTcp` of `@porchlight/client/node`. */
export type OpenLanTcp = (
  address: { readonly host: string; readonly port: number },
  signal?: AbortSignal,
) => Promise<Tunnel>;

/** The standard WebSocket, or one of your own of the same shape. */
export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocket;

/** The WebSocket of this platform. @throws PorchlightError `no_web_socket` where there is none (Node before 22) */
export function platformWebSocket(): WebSocketConstructor {
  const found: unknown = Reflect.get(globalThis, 'WebSocket');
  if (typeof found === 'function') return found as WebSocketConstructor;
  throw new PorchlightError(
    'bad_request',
    'There is no WebSocket here: take Node 22 or newer, or give "webSocket"',
  );
}

/** Opens a tunnel to a device (its id). A token that is refused is renewed once. @throws PorchlightError */
export async function openTunnel(
  caller: ApiCaller,
  webSocket: WebSocketConstructor,
  to: { readonly device: string; readonly target: TcpTarget },
  options: ConnectOptions,
): Promise<Tunnel> {
  const token = await caller.tokens?.token(options.signal);
  const target = typeof to.target === 'number' ? { port: to.target } : { service: to.target };
  const url = caller.origin.replace(/^http/, 'ws') + tunnelPath(to.device, target);
  try {
    return await openOnce(webSocket, url, token, options);
  } catch (error) {
    const refused = error instanceof PorchlightError && error.code === 'token_invalid';
    if (!refused || token === undefined) throw error;
    const second = await caller.tokens?.renew?.(token, options.signal);
    if (second === undefined || second === token) throw error;
    return await openOnce(webSocket, url, second, options);
  }
}

function openOnce(
  webSocket: WebSocketConstructor,
  url: string,
  token: string | undefined,
  { signal, onWaiting }: ConnectOptions,
): Promise<Tunnel> {
  signal?.throwIfAborted();
  const protocols = [TCP_SUBPROTOCOL, ...(token === undefined ? [] : [BEARER_SUBPROTOCOL + token])];
  return new Promise((resolve, reject) => {
    const leave = () => tunnel.destroy(signal?.reason);
    signal?.addEventListener('abort', leave, { once: true });
    const tunnel: WebSocketTunnel = new WebSocketTunnel(new webSocket(url, protocols), {
      onOpen() {
        // From here on it is closed by its own methods.
        signal?.removeEventListener('abort', leave);
        resolve(tunnel);
      },
      onFail(error) {
        signal?.removeEventListener('abort', leave);
        reject(error);
      },
      onWaiting,
    });
  });
}
