import { bearerToken } from '../access/index.ts';

/** Personal tokens and those of apps; any other bearer token is a device's own affair. */
const OWN_TOKEN = /^pl[to]_/;

/** The relay's own token in an `Authorization` header; undefined: it has none. */
export function ownToken(authorization: string | undefined): string | undefined {
  const token = authorization === undefined ? undefined : bearerToken(authorization);
  return token !== undefined && OWN_TOKEN.test(token) ? token : undefined;
}
