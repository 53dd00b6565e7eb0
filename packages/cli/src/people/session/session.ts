import { RelayApi, staticToken, type TokenSource } from '@porchlight/client';
import { findLoopbackNames } from '@porchlight/client/node';
import { configFolder, type RelayLogin, RelayLogins } from '../relays/index.ts';
import { notLoggedIn, relayNamed } from './choose-relay.ts';
import { SignInTokens } from './sign-in-tokens.ts';
import { readAuthorityFile, trust } from './trust.ts';

/** What every command of a person's takes. */
export interface PersonFlags {
  readonly relay?: string;
  readonly ca?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** One relay, and who a person is there. */
export interface Session {
  readonly origin: string;
  readonly api: RelayApi;
  readonly tokens: TokenSource;
  /** PEM of the relay's own authority, which this process believes. */
  readonly ca: string | undefined;
  /** What is kept of the relay; undefined when the token comes from the environment and nothing is. */
  readonly login: RelayLogin | undefined;
  readonly logins: RelayLogins;
}

/**
 * The relay of `--relay`, `PORCHLIGHT_RELAY` or the one in use, as the account that is logged in there, or as whom
 * `PORCHLIGHT_TOKEN` acts for.
 * @throws CommandError when nobody is logged in there
 */
export async function openSession(flags: PersonFlags): Promise<Session> {
  // A relay on trial may be at a name below localhost.
  findLoopbackNames();
  const logins = new RelayLogins(configFolder(process.env));
  const origin = flags.relay === undefined ? await logins.current() : await relayNamed(flags.relay, logins);
  if (origin === undefined) throw notLoggedIn();
  const login = await logins.get(origin);
  const tokens = tokensOf(login, logins);
  if (tokens === undefined) throw notLoggedIn(origin);
  const ca = flags.ca === undefined ? login?.ca : await readAuthorityFile(flags.ca);
  if (flags.ca === undefined) trust(ca);
  return { origin, tokens, ca, login, logins, api: new RelayApi({ relay: origin, token: tokens }) };
}

function tokensOf(login: RelayLogin | undefined, logins: RelayLogins): TokenSource | undefined {
  const given = process.env['PORCHLIGHT_TOKEN']?.trim();
  if (given !== undefined && given !== '') return staticToken(given);
  if (login === undefined) return undefined;
  const { credential, origin } = login;
  if (credential.kind === 'token') return staticToken(credential.token);
  return new SignInTokens(origin, logins.tokensOf(origin));
}
