import type { IncomingMessage, ServerResponse } from 'node:http';
import { PorchlightError } from '@porchlight/protocol';
import { bearerChallenge } from '../access/index.ts';
import type { Found } from './locator.ts';
import { ownToken } from './own-token.ts';
import { REALM } from './path-routes/index.ts';

/** `WWW-Authenticate` (RFC 9110 §11.6.1), without which a browser does not ask for a password. */
export function challenge(
  error: unknown,
  { headers }: Pick<IncomingMessage, 'headers'>,
  route?: Found,
): Record<string, string> {
  if (!(error instanceof PorchlightError)) return {};
  if (error.status === 401 && route?.service.access === 'basic')
    return { 'WWW-Authenticate': `Basic realm="${realmOf(route)}", charset="UTF-8"` };
  const bearer = bearerChallenge(error, ownToken(headers.authorization) !== undefined);
  return bearer === undefined ? {} : { 'WWW-Authenticate': bearer };
}

/** A browser keeps one password for each realm of a host: each prefix has its own. */
function realmOf({ under }: Found): string {
  return under === undefined ? REALM : `${REALM} ${under.prefix}`;
}

/** Relative links of a page at `/zumi01` would leave it: it is at `/zumi01/`. */
export function sendWithSlash(req: IncomingMessage, res: ServerResponse, prefix: string): void {
  const query = req.url?.indexOf('?') ?? -1;
  const Location = `${prefix}/${query < 0 ? '' : req.url?.slice(query)}`;
  res.writeHead(308, { Location, 'Cache-Control': 'no-store', 'Content-Length': 0 });
  res.end();
}
