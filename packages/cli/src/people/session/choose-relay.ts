import { parseRelayOrigin } from '@porchlight/protocol';
import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';
import { ownName } from '../../own-name.ts';
import type { RelayLogins } from '../relays/index.ts';

/** The origin that a person means by an address, or by the host name of a relay they are logged in to. @throws CommandError */
export async function relayNamed(text: string, logins: RelayLogins): Promise<string> {
  const known = (await logins.origins()).find((origin) => origin === text || new URL(origin).host === text);
  return known ?? relayOrigin(text);
}

/** @throws CommandError */
function relayOrigin(text: string): string {
  const parsed = parseRelayOrigin(text);
  if (parsed.origin !== undefined) return parsed.origin;
  throw new CommandError(parsed.problem, { hint: parsed.hint, exitCode: EXIT.usage });
}

export function notLoggedIn(origin?: string): CommandError {
  const where = origin === undefined ? 'any relay' : origin;
  return new CommandError(`you are not logged in to ${where}`, {
    hint: `${ownName} login ${origin ?? 'https://RELAY'}`,
    exitCode: EXIT.notLoggedIn,
  });
}
