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

/**
 * Headers by which some servers take another method or path than those of the request line, which alone a rule judges.
 * They never pass a rule.
 */
const OVERRIDES = new Set([
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-url',
]);

/** True for a header, in any spelling, that would make a server read another request than the one that was judged. */
export function overridesRequest(name: string): boolean {
  return (name.startsWith('x') || name.startsWith('X')) && OVERRIDES.has(canonicalHeader(name));
}
