/** Names that a rule may neither add nor strip: they frame the message or are the relay's word. */
const RESERVED = new Set(
  (
    'connection content-length expect host http2-settings keep-alive proxy-authenticate proxy-authorization ' +
    'proxy-connection te trailer transfer-encoding upgrade'
  ).split(' '),
);

/** One name for all spellings that a server may take for the same header (CGI turns `-` into `_`). */
export function canonicalHeader(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** Why a rule may not touch this header; undefined when it may. */
export function headerObjection(name: string): string | undefined {
  if (name.length > 64 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return 'this is no header name';
  const canonical = canonicalHeader(name);
  if (RESERVED.has(canonical)) return `${canonical} frames the message and belongs to the connection`;
  if (canonical.startsWith('sec-websocket-')) return `${canonical} belongs to the WebSocket handshake`;
  if (canonical.startsWith('x-porchlight-')) return `${canonical} is what the relay says about the visitor`;
  return undefined;
}
