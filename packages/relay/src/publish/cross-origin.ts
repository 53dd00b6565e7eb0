import type { IncomingMessage } from 'node:http';

/**
 * True for a request that a browser sends on behalf of a page of another host. Published hosts are all of one site,
 * so that SameSite cookies do not keep a hostile device's page from using its visitor's session on another device's
 * host. What such a page may do is what a link does: a top-level navigation with a safe method.
 *
 * Told by Fetch Metadata (`Sec-Fetch-Site`), and by `Origin` where a browser does not send that.
 */
export function isForeign(
  req: Pick<IncomingMessage, 'headers' | 'method'>,
  arrival: { readonly host: string; readonly secure: boolean },
): boolean {
  const { headers } = req;
  const site = headers['sec-fetch-site'];
  const own = headers.origin?.toLowerCase() === `${arrival.secure ? 'https' : 'http'}://${arrival.host}`;
  if (site === undefined) return headers.origin !== undefined && !own;
  if (site === 'same-origin' || site === 'none') return false;
  // WebSockets come as `same-site` or `cross-site` with their page's Origin.
  if (own) return false;
  const link = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return !(link && (req.method === 'GET' || req.method === 'HEAD'));
}
