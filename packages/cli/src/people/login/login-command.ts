import { RelayApi, staticToken } from '@porchlight/client';
import type { Command } from 'commander';
import { CommandError } from '../../command-error.ts';
import { twinned } from '../../environment-twins.ts';
import { EXIT } from '../../exit-code.ts';
import { ownName } from '../../own-name.ts';
import {
  askPassword,
  harmless,
  print,
  printableJson,
  readStandardInput,
  styled,
} from '../../terminal/index.ts';
import { note, show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { configFolder, RelayLogins } from '../relays/index.ts';
import { notLoggedIn, type PersonFlags, readAuthorityFile, relayNamed, trust } from '../session/index.ts';
import { fetchIdentity } from './relay-identity.ts';
import { DEFAULT_SCOPE, type SignInFlags, signIn } from './sign-in.ts';

interface Flags extends PersonFlags, SignInFlags {
  readonly token?: boolean;
}

/**
 * `porchlight login [URL]`: also chooses the relay that is in use from now on. With `--json` one object a line:
 * `pending` with what the person has to open, then `logged-in`.
 */
export function loginCommand(): Command {
  const token = 'with an access token, which is read from standard input or asked for';
  const scope = 'what this login may do; device:NAME or device:NAME/SERVICE narrows it';
  const device = 'with a code that you type into a browser elsewhere';
  return personCommand('login', 'Log in to a relay, which is then the one in use.')
    .argument('[url]', 'address of the relay; without it the one in use')
    .addOption(twinned('--token', token, 'PORCHLIGHT_LOGIN_TOKEN'))
    .addOption(twinned('--device', device, 'PORCHLIGHT_LOGIN_DEVICE'))
    .addOption(twinned('--scope <words>', scope, 'PORCHLIGHT_SCOPE').default(DEFAULT_SCOPE))
    .action(login);
}

async function login(url: string | undefined, flags: Flags): Promise<void> {
  const logins = new RelayLogins(configFolder(process.env));
  const wish = url ?? flags.relay;
  const origin = wish === undefined ? await logins.current() : await relayNamed(wish, logins);
  if (origin === undefined) throw notLoggedIn();
  const before = await logins.get(origin);
  const ca = flags.ca === undefined ? before?.ca : await readAuthorityFile(flags.ca);
  if (flags.ca === undefined) trust(ca);
  const identity = await fetchIdentity(origin);
  const { fingerprint } = identity.ssh;
  if (before !== undefined && before.hostKey !== fingerprint) {
    note(flags, `warning: the relay's host key has changed since the last login, to ${fingerprint}`);
  }
  const tokens = flags.token === true ? undefined : await signIn(origin, flags);
  const token = tokens?.accessToken ?? (await tokenFor(origin));
  const me = await new RelayApi({ relay: origin, token: staticToken(token) }).me();
  await logins.tokensOf(origin).save(tokens);
  await logins.set({
    origin,
    ...(ca === undefined ? {} : { ca }),
    hostKey: fingerprint,
    account: me.account.name,
    credential: tokens === undefined ? { kind: 'token', token } : { kind: 'oauth' },
  });
  await logins.use(origin);
  if (flags.json === true) {
    return print(printableJson({ state: 'logged-in', relay: origin, account: me.account.name }));
  }
  show(flags, {
    json: undefined,
    text: () =>
      `${styled.good('Logged in')} to ${origin} as ${styled.strong(harmless(me.account.name))}. Next: ${ownName} devices`,
  });
}

async function tokenFor(origin: string): Promise<string> {
  const text = process.stdin.isTTY
    ? await askPassword(`Access token for ${origin}: `)
    : await readStandardInput();
  const token = text?.trim() ?? '';
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CommandError('no access token was given', {
    hint: `make one at ${origin}/tokens and give it on standard input`,
    exitCode: EXIT.usage,
  });
}
