import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';

export interface WebSocketWish {
  /** `ws://` or `wss://`, for the handshake; the connection is there already. */
  readonly url: string;
  readonly subprotocol?: string;
  /** Open, with TLS where the address says so. */
  readonly carrier: Duplex;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Opens a WebSocket on a connection, as a stream of bytes. The carrier is gone when this fails. */
export async function openWebSocket(wish: WebSocketWish): Promise<Duplex> {
  const { url, subprotocol, carrier, timeoutMs, signal } = wish;
  const websocket = new WebSocket(url, subprotocol === undefined ? [] : [subprotocol], {
    createConnection: () => carrier as never,
    perMessageDeflate: false,
    handshakeTimeout: timeoutMs,
    maxPayload: 1024 * 1024,
  });
  // Before it is open, so that no byte is missed; what goes wrong until then is told below.
  const stream = createWebSocketStream(websocket);
  // It ends when the WebSocket is gone, and would then stay half open for ever.
  stream.on('end', () => stream.destroy());
  const abort = (): void => websocket.terminate();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject);
      websocket.once('open', () => {
        stream.off('error', reject);
        resolve();
      });
      if (signal.aborted) abort();
    });
    return stream;
  } catch (error) {
    carrier.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
