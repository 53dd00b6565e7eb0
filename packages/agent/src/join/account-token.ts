import { problem } from '@porchlight/protocol/api';
import { z } from 'zod';
import { ConfigError } from '../config/index.ts';
import { jsonOf } from './relay-identity.ts';
import { type RelayAnswer, type RelayRequestOptions, requestRelay } from './relay-request.ts';

const made = z.object({ token: z.string() });

/**
 * Signs in with an account's name and password, makes an enrolment token for one device, and signs out again. The
 * password is kept nowhere.
 * @throws ConfigError: what the relay said, or that it was not reached
 */
export async function tokenByPassword(
  origin: string,
  account: { readonly name: string; readonly password: string },
  options: RelayRequestOptions,
): Promise<string> {
  const call = async (path: string, json: unknown, cookie?: string): Promise<RelayAnswer> => {
    const headers = { Origin: origin, ...(cookie === undefined ? {} : { Cookie: cookie }) };
    const answer = await requestRelay(new URL(path, origin), { method: 'POST', headers, json }, options);
    if (answer.status >= 300)
      throw new ConfigError(`the relay refused: ${reasonOf(answer)}`, { kind: 'refused' });
    return answer;
  };
  const signedIn = await call('/api/sign-in', account);
  const cookie = signedIn.headers['set-cookie']?.[0]?.split(';')[0];
  if (cookie === undefined) throw new ConfigError(`${origin} is no Porchlight relay: check the address`);
  try {
    const answer = await call('/api/enrolment-tokens', { note: 'settings page', hours: 1, uses: 1 }, cookie);
    const parsed = made.safeParse(jsonOf(answer.body));
    if (!parsed.success)
      throw new ConfigError('the relay made no enrolment token: update this agent or the relay');
    return parsed.data.token;
  } finally {
    await call('/api/sign-out', {}, cookie);
  }
}

function reasonOf({ status, body }: RelayAnswer): string {
  const told = problem.safeParse(jsonOf(body));
  return told.success ? `${told.data.detail}. ${told.data.hint}` : `it answered ${status}`;
}
