import { PorchlightError, parseJoinCode } from '@porchlight/protocol';
import type { JoinRequest, LanRequest } from '@porchlight/protocol/api';
import { CommandError } from '../../command-error.ts';
import { ownName } from '../../own-name.ts';
import { harmless } from '../../terminal/index.ts';
import type { Session } from '../session/index.ts';

/** Somebody who asks to be let in: a device at the relay, or a WiFi device at a base station. */
export type FoundRequest =
  | { readonly at: 'relay'; readonly request: JoinRequest }
  | { readonly at: 'base station'; readonly request: LanRequest };

/** The request with this code, or this id. @throws CommandError */
export async function findRequest(session: Session, text: string): Promise<FoundRequest> {
  const code = parseJoinCode(text);
  const listed = await session.api.joinRequests.list({ code });
  const found = listed.find((one) => code !== undefined || one.id === text);
  if (found !== undefined) return { at: 'relay', request: found };
  const fitting = code === undefined ? await lanRequestsLike(session, text) : [];
  if (fitting.length > 1) {
    throw new CommandError(`"${harmless(text)}" is the code of ${fitting.length} requests`, {
      hint: `${ownName} requests --json has their ids`,
    });
  }
  const [request] = fitting;
  if (request !== undefined) return { at: 'base station', request };
  throw new CommandError(`there is no join request with the code or id "${harmless(text)}"`, {
    hint: `${ownName} requests shows them; a request ends by itself after some minutes`,
  });
}

/** WiFi devices that wait at base stations; an older relay knows of none. */
export async function lanRequests({ api }: Session): Promise<LanRequest[]> {
  try {
    return (await api.lanRequests.list()).filter(({ state }) => state === 'waiting');
  } catch (error) {
    if (error instanceof PorchlightError && error.code === 'not_found') return [];
    throw error;
  }
}

async function lanRequestsLike(session: Session, text: string): Promise<LanRequest[]> {
  const digits = text.replace(/[\s-]/g, '');
  const waiting = await lanRequests(session);
  return waiting.filter(
    ({ id, code }) => id === text || (code !== undefined && code.replace('-', '') === digits),
  );
}
