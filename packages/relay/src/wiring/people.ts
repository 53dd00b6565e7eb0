import { AccessTokens, Identities } from '../access/index.ts';
import { Accounts, Passwords, Sessions, SetupLink, SignIn, SignInLinks, SshKeys } from '../accounts/index.ts';
import { EmoncmsUpstream } from '../adapters/index.ts';
import { AppGrants, Apps } from '../oauth/index.ts';
import type { Foundation } from './foundation.ts';

const SESSION_SWEEP_MS = 3600_000;
const OAUTH_SWEEP_MS = 3600_000;

/** Accounts, how they sign in, and who a request comes from. */
export type People = ReturnType<typeof wirePeople>;

export function wirePeople({
  config,
  stores,
  audit,
  events,
  clock,
  logger,
  metrics,
  stack,
  failed,
}: Foundation) {
  const passwords = new Passwords();
  const sessions = new Sessions({ store: stores.sessions, clock, events });
  stack.add(
    clock.every(SESSION_SWEEP_MS, () => void sessions.removeExpired().catch(failed('sessions not swept'))),
  );
  const accounts = new Accounts({ store: stores.accounts, sessions, passwords, audit, events, clock });
  const setupLink = new SetupLink({ secrets: stores.secrets, accounts });
  const signInLinks = new SignInLinks(clock);
  const upstream =
    config.emoncms.upstream === undefined
      ? undefined
      : new EmoncmsUpstream({ url: config.emoncms.upstream, logger: logger.child('emoncms') });
  const signIn = new SignIn({
    accounts: stores.accounts,
    passwords,
    sessions,
    links: signInLinks,
    setup: setupLink,
    audit,
    clock,
    upstream: upstream && {
      fits: (given) => upstream.fits(given),
      adopt: (actor, given) => accounts.adopt(actor, given),
    },
    onAttempt: (result) => metrics.signIns[result].add(1),
  });
  const accessTokens = new AccessTokens({ store: stores.accessTokens, audit, events, clock });
  const appGrants: AppGrants = new AppGrants({
    store: stores.appGrants,
    records: stores.oauthRecords,
    appName: async (id) => (await apps.find(id))?.name ?? id,
    ...{ audit, events, clock },
  });
  const apps = new Apps({
    store: stores.apps,
    endGrants: (appId) => appGrants.endOfApp(appId),
    ...{ audit, clock },
  });
  stack.add(
    clock.every(OAUTH_SWEEP_MS, () => void appGrants.sweep().catch(failed('tokens of apps not swept'))),
  );
  const sshKeys = new SshKeys({
    store: stores.sshKeys,
    deviceOwner: async (fingerprint) => (await stores.devices.byFingerprint(fingerprint))?.accountId,
    audit,
    events,
    clock,
  });
  const identities = new Identities({
    sessions,
    tokens: accessTokens,
    appTokens: appGrants,
    keys: sshKeys,
    accounts: stores.accounts,
    events,
    clock,
  });
  stack.add(() => identities.close());
  return {
    passwords,
    sessions,
    accounts,
    setupLink,
    signInLinks,
    signIn,
    accessTokens,
    sshKeys,
    identities,
    apps,
    appGrants,
  };
}
