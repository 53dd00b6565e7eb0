import { PorchlightError } from '@porchlight/protocol';
import type { AuthContext, PublicKeyAuthContext } from 'ssh2';
import { acceptOffer, type DeviceKey, describeKey, parseOfferedKey, provesKey } from './device-key.ts';
import { type Logins, OPERATOR_USER, type OperatorLogin } from './logins.ts';

const USER_NAME_MAX = 128;
const TOKEN_HINT =
  'Porchlight: that is no valid access token. As password goes one that the dashboard makes (plt_...), under Settings.';

/** What a client has proven to be. */
export type Proven =
  | { readonly key: DeviceKey }
  | { readonly operator: OperatorLogin }
  | { readonly refused: string };

interface Where {
  readonly address: string;
  readonly logins: Logins;
  /** Called with what a client is told; each text once, since some try one password many times. */
  readonly tell: (text: string) => void;
}

/** What a client may try under this user name. A password is for people only, so that nothing guesses at devices. */
export function methodsFor(userName: string): ['publickey'] | ['publickey', 'password'] {
  return userName === OPERATOR_USER ? ['publickey', 'password'] : ['publickey'];
}

/**
 * Answers a key that is only named, without proof (RFC 4252 §7), under any name but {@link OPERATOR_USER}: every key
 * may become a device's. Without waiting, as the client may send its proof at once. False: something else is asked.
 */
export function answerAtOnce(context: AuthContext): boolean {
  const isOffer = context.method === 'publickey' && context.signature === undefined;
  if (!isOffer || context.username === OPERATOR_USER) return false;
  if (context.username.length > USER_NAME_MAX || parseOfferedKey(context) === undefined) {
    context.reject(methodsFor(context.username));
  } else {
    acceptOffer(context);
  }
  return true;
}

/**
 * Who a client is by one request for authentication. `asked`: it was told to prove that it holds the key; undefined:
 * it has not proven to be anybody, and may have been told why.
 */
export async function judge(context: AuthContext, where: Where): Promise<Proven | 'asked' | undefined> {
  if (context.username.length > USER_NAME_MAX) return undefined;
  if (context.method === 'publickey') return judgeKey(context, where);
  if (context.method !== 'password' || context.username !== OPERATOR_USER) return undefined;
  try {
    const operator = await where.logins.byToken(context.password, where.address);
    if (operator !== undefined) return { operator };
    where.tell(TOKEN_HINT);
  } catch (error) {
    if (!(error instanceof PorchlightError)) throw error;
    where.tell(`Porchlight: ${error.message}.`);
  }
  return undefined;
}

async function judgeKey(
  context: PublicKeyAuthContext,
  { logins, tell }: Where,
): Promise<Proven | 'asked' | undefined> {
  const offered = parseOfferedKey(context);
  if (offered === undefined) return undefined;
  const key = describeKey(offered);
  if (context.signature === undefined) {
    // Whoever has several keys is asked for the next one, as long as none is known.
    if (!(await logins.mayProve(key))) return undefined;
    acceptOffer(context);
    return 'asked';
  }
  if (!provesKey(context, offered)) return undefined;
  const login = await logins.byKey(key, context.username);
  if (login.kind === 'operator') return { operator: login.operator };
  if (login.kind === 'refused') {
    if (context.username !== OPERATOR_USER) return { refused: login.reason };
    tell(`Porchlight: ${login.reason}`);
    return undefined;
  }
  // A stock client shows this before anything else.
  if (login.greeting !== undefined) tell(login.greeting);
  return { key };
}
