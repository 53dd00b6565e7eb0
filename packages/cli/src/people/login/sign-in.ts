import { type DeviceCode, findOAuthServer, type StoredTokens, signInWithCode } from '@porchlight/client';
import { signInWithBrowser } from '@porchlight/client/node';
import { span } from '@porchlight/protocol/words';
import { stopSignal } from '../../stop-signal.ts';
import { harmless, print, printableJson, styled, withProgress } from '../../terminal/index.ts';
import { hasBrowser, openInBrowser } from '../output/index.ts';
import type { PersonFlags } from '../session/index.ts';

/** Everything that the command can do; `--scope` asks for less, and the person may narrow it. */
export const DEFAULT_SCOPE = 'read write shell manage';
/** Without asking again after the access token's hour. */
const LASTING = 'offline_access';

export interface SignInFlags extends PersonFlags {
  readonly device?: boolean;
  readonly scope: string;
}

/** Signs in with the browser of this machine, or with a code for a browser elsewhere. @throws PorchlightError */
export async function signIn(origin: string, flags: SignInFlags): Promise<StoredTokens> {
  const scope = `${flags.scope} ${LASTING}`;
  const signal = stopSignal();
  if (flags.device === true || !hasBrowser()) {
    const server = await findOAuthServer({ relay: origin });
    const onCode = (code: DeviceCode): void => showCode(code, flags);
    return withProgress('waiting for you', signInWithCode(server, { scope, signal, onCode }));
  }
  const open = async (url: string): Promise<void> => {
    const opened = await openInBrowser(url);
    if (flags.json === true) print(printableJson({ state: 'pending', url }));
    else if (!opened) tell('Open this in a browser on this machine:', url);
    else if (flags.quiet !== true) tell('Your browser asks you now. If it does not, open:', url);
  };
  return withProgress('waiting for you', signInWithBrowser({ relay: origin, scope, signal, open }));
}

function showCode({ code, url, completeUrl, expiresAt }: DeviceCode, flags: SignInFlags): void {
  if (flags.json === true)
    return print(printableJson({ state: 'pending', url, completeUrl, code, expiresAt }));
  tell(`Open ${url} in any browser, within ${span(expiresAt - Date.now())}, and type:`, code);
}

/** To the person, who has to act: on standard error, so that `--json` and pipes have the answer alone. */
function tell(what: string, value: string): void {
  process.stderr.write(`${harmless(what)}\n\n    ${styled.hint(harmless(value))}\n\n`);
}
