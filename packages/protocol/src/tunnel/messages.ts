/**
 * TCP in a WebSocket: `GET /api/devices/<id>/tcp?service=<name>` or `?port=<number>` at the console's origin.
 * Binary messages are the bytes of the connection, text messages are JSON:
 *
 *     relay  → client   waiting*, open, then taken* and data; end; or error, and the WebSocket closes
 *     client → relay    after open: taken* and data; end
 *
 * `taken`: so many more bytes have been passed on ({@link TUNNEL_WINDOW}). `end`: nothing more comes in this
 * direction, as TCP's FIN. A WebSocket that closes before both ends is a connection that was cut off.
 */
export const TCP_SUBPROTOCOL = 'porchlight.tcp';
/** Browsers cannot send headers with a WebSocket: the access token comes as a subprotocol behind this. */
export const BEARER_SUBPROTOCOL = 'porchlight.bearer.';
/**
 * At a device's host a client that asks with these gets one of them, when the service itself chose none (and a
 * browser insists on one); the second means that the WebSocket was let up only to say why it was refused: one text
 * message with a problem document (RFC 9457), then it closes.
 */
export const SERVICE_SUBPROTOCOL = 'porchlight.socket';
export const REFUSED_SUBPROTOCOL = 'porchlight.refused';

/** Largest binary message, in bytes. */
export const TUNNEL_MESSAGE_MAX = 64 * 1024;
/** Largest text message of a client, in bytes. */
export const TUNNEL_ASK_MAX = 256;

/** WebSocket close codes of the application's own range (RFC 6455 §7.4.2). */
export const TUNNEL_CLOSED = { inOrder: 1000, refused: 4000, cutOff: 4001 } as const;

export type TunnelAsk = { readonly type: 'taken'; readonly bytes: number } | { readonly type: 'end' };

export type TunnelSay =
  /** The device calls home; its next call is expected then (ms since 1970). */
  | { readonly type: 'waiting'; readonly dueAt: number }
  | { readonly type: 'open' }
  | TunnelAsk
  /** The members of a problem document (RFC 9457). */
  | { readonly type: 'error'; readonly problem: Readonly<Record<string, unknown>> };

/** The path and query of a tunnel. `device` is its id. */
export function tunnelPath(device: string, target: { service: string } | { port: number }): string {
  const query =
    'service' in target ? `service=${encodeURIComponent(target.service)}` : `port=${String(target.port)}`;
  return `/api/devices/${encodeURIComponent(device)}/tcp?${query}`;
}

/** What a client says; undefined: it is not understood. */
export function parseTunnelAsk(text: string): TunnelAsk | undefined {
  if (text.length > TUNNEL_ASK_MAX) return undefined;
  const value = parseObject(text);
  if (value?.get('type') === 'end') return { type: 'end' };
  const bytes = value?.get('bytes');
  if (value?.get('type') !== 'taken' || !isCount(bytes)) return undefined;
  return { type: 'taken', bytes };
}

/** What the relay says; undefined: it is not understood. */
export function parseTunnelSay(text: string): TunnelSay | undefined {
  const value = parseObject(text);
  const dueAt = value?.get('dueAt');
  const problem = value?.get('problem');
  switch (value?.get('type')) {
    case 'waiting':
      return isCount(dueAt) ? { type: 'waiting', dueAt } : undefined;
    case 'open':
      return { type: 'open' };
    case 'error':
      if (typeof problem !== 'object' || problem === null) return undefined;
      return { type: 'error', problem: Object.fromEntries(Object.entries(problem)) };
    default:
      return parseTunnelAsk(text);
  }
}

/** The subprotocols of a `Sec-WebSocket-Protocol` field, in their order (RFC 6455 §4.1). */
export function subprotocols(field: string | undefined): string[] {
  return (field ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function parseObject(text: string): Map<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
