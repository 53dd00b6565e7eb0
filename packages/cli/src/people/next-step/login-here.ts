import { type ErrorCode, PorchlightError } from '@porchlight/protocol';
import type { Device, JoinRequest } from '@porchlight/protocol/api';
import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';
import { allOf, openSession } from '../session/index.ts';

/** Who only wants to know what to do next does not wait for a relay that is away. */
const ANSWER_MS = 5_000;

/** What a person's login shows. */
export type LoginHere =
  | { readonly state: 'none' }
  | { readonly state: 'ended'; readonly origin: string }
  | { readonly state: 'away'; readonly origin: string; readonly reason: string }
  | {
      readonly state: 'good';
      readonly origin: string;
      readonly account: string;
      readonly devices: readonly Device[];
      readonly requests: readonly JoinRequest[];
    };

const ENDED: ReadonlySet<ErrorCode> = new Set(['not_signed_in', 'token_invalid']);

/** The relay in use, and what waits there. @throws CommandError when the files of the login are damaged */
export async function loginHere(flags: { readonly relay?: string }): Promise<LoginHere> {
  let session: Awaited<ReturnType<typeof openSession>>;
  try {
    session = await openSession(flags);
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === EXIT.notLoggedIn) return { state: 'none' };
    throw error;
  }
  const { api, origin } = session;
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    const [{ account }, devices, requests] = await Promise.all([
      api.me({ signal }),
      allOf(api.devices.all({ signal })),
      // A login that may not see them has nothing to be told of them.
      api.joinRequests.list({ signal }).catch(() => []),
    ]);
    return { state: 'good', origin, account: account.name, devices, requests };
  } catch (error) {
    if (error instanceof PorchlightError && ENDED.has(error.code)) return { state: 'ended', origin };
    return { state: 'away', origin, reason: error instanceof Error ? error.message : String(error) };
  }
}
