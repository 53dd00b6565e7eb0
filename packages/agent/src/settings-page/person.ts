import type { IncomingHttpHeaders } from 'node:http';
import { Credentials } from './credentials.ts';
import { Tries } from './tries.ts';

/** Longest `Authorization` that is looked at. */
const HEADER_MAX = 1_024;

/**
 * Gives what tells whether a request comes from a person who knows the settings page's password, by HTTP Basic (RFC
 * 7617) with any user name; wrong ones are counted by address as at the page itself.
 */
export function createPersonCheck(dataFolder: string, now: () => number) {
  const tries = new Tries(now);
  return async ({
    headers,
    address,
  }: {
    headers: IncomingHttpHeaders;
    address: string;
  }): Promise<boolean> => {
    const { authorization } = headers;
    if (authorization === undefined || authorization.length > HEADER_MAX) return false;
    const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization) ?? [];
    if (encoded === undefined || tries.take(address) > 0) return false;
    const text = Buffer.from(encoded, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    const credentials = await Credentials.open(dataFolder);
    if (colon < 0 || !(await credentials.isPassword(text.slice(colon + 1)))) return false;
    tries.giveBack(address);
    return true;
  };
}
