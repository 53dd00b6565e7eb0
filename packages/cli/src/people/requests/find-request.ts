import { parseJoinCode } from '@porchlight/protocol';
import type { JoinRequest } from '@porchlight/protocol/api';
import { CommandError } from '../../command-error.ts';
import { ownName } from '../../own-name.ts';
import { harmless } from '../../terminal/index.ts';
import type { Session } from '../session/index.ts';

/** The join request with this code, or this id. @throws CommandError */
export async function findRequest({ api }: Session, text: string): Promise<JoinRequest> {
  const code = parseJoinCode(text);
  const listed = await api.joinRequests.list({ code });
  const found = listed.find((one) => code !== undefined || one.id === text);
  if (found !== undefined) return found;
  throw new CommandError(`there is no join request with the code or id "${harmless(text)}"`, {
    hint: `${ownName} requests shows them; a request ends by itself after some minutes`,
  });
}
