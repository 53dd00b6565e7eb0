import type { IncomingHttpHeaders } from 'node:http';
import { PorchlightError } from '@porchlight/protocol';
import { bearerToken, hasConsoleCookie } from '../access/index.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what another site could make a browser send with the console's cookie. The pages of devices live below the
 * relay's domain and so are same-site: `SameSite` does not hold them back, the origin has to be compared. Requests
 * with an access token pass, because the cookie is not looked at then and no other site can add the token.
 * @throws PorchlightError `cross_site`
 */
export function refuseCrossSite(
  request: { readonly method: string; readonly headers: IncomingHttpHeaders },
  expected: { readonly origin: string; readonly isPublic: boolean },
): void {
  const { headers } = request;
  if (bearerToken(headers.authorization) !== undefined) return;
  const site = headers['sec-fetch-site'];
  const withCookie = hasConsoleCookie(headers.cookie);
  if (SAFE.has(request.method)) {
    // Another page cannot read the answer, but could use up streams and limits. `none`: typed by the person.
    const elsewhere = site !== undefined && site !== 'same-origin' && site !== 'none';
    if (withCookie && !expected.isPublic && elsewhere) throw new PorchlightError('cross_site');
    return;
  }
  if (headers.origin !== undefined) {
    if (headers.origin !== expected.origin) throw new PorchlightError('cross_site');
    return;
  }
  if (site !== undefined ? site !== 'same-origin' : withCookie) throw new PorchlightError('cross_site');
}
