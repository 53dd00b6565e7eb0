import type { IncomingMessage } from 'node:http';

/**
 * True for a request that a browser sends on behalf of a page of another host. Published hosts are all of one site,
 * so that SameSite cookies do not keep a hostile device's page from using its visitor's session on another device's
 * host. What such a page may do is what a link does: a top-level navigation with a safe method.
 *
 * Told by Fetch Metadata (`Sec-Fetch-Site`), and by `Origin` where a browser does not send that.
 */
export function isForeign(req: IncomingMessage, host: string): boolean {
  const { headers } = req;
  const site = headers['sec-fetch-site'];
  const origin = headers.origin;
  if (site === undefined) return origin !== undefined && !isOriginOf(origin, host);
  if (site === 'same-origin' || site === 'none') return false;
  // WebSockets come as `same-site` or `cross-site` with their page's Origin.
  if (origin !== undefined && isOriginOf(origin, host)) return false;
  const link = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return !(link && (req.method === 'GET' || req.method === 'HEAD'));
}

function isOriginOf(origin: string, host: string): boolean {
  const at = origin.indexOf('://');
  return at > 0 && origin.slice(at + 3).toLowerCase() === host;
}
