/** What a person typed as the address of a relay: its origin, or what is wrong with it and what to do. */
export type RelayOrigin =
  | { readonly origin: string; readonly problem?: undefined }
  | { readonly origin?: undefined; readonly problem: string; readonly hint: string };

/** `relay.example`, `https://relay.example:8443/…`; plain `http:` on loopback names only. */
export function parseRelayOrigin(text: string): RelayOrigin {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '') {
    return { problem: `"${text}" is no relay address`, hint: 'give it as https://relay.example.net' };
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    return {
      problem: `"${text}" is not encrypted, so anybody could pose as the relay`,
      hint: 'use https://',
    };
  }
  return { origin: url.origin };
}

/** Whether a URL's host stays on this machine: `localhost` and names below it (RFC 6761 §6.3), loopback addresses. */
function isLoopbackHost(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
