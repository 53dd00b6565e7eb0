import { AuthorizationServer, Consents, SigningKeys } from '../oauth/index.ts';
import { failurePage, sendFailure } from '../publish/index.ts';
import type { Foundation } from './foundation.ts';
import type { People } from './people.ts';

/** Apps of other people's making: how they are let in. `origin`: of the console, asked for once the ports are open. */
export function wireOAuth(
  { stores, clock, logger }: Foundation,
  { apps, appGrants: grants, identities, sessions, accounts }: People,
  origin: () => string,
) {
  const log = logger.child('oauth');
  const oauth = new AuthorizationServer({
    ...{ apps, grants, identities, sessions, accounts, clock },
    records: stores.oauthRecords,
    keys: new SigningKeys({ secrets: stores.secrets, clock }),
    issuer: origin,
    page: failurePage,
    sendFailure,
    onError: (error) => log.error({ error }, 'authorization server failed'),
  });
  const consents = new Consents({
    provider: () => oauth.provider(),
    devices: stores.devices,
    hueBridges: (accountId) => stores.services.hueBridges(accountId),
    ...{ apps, grants, accounts },
  });
  return { oauth, consents };
}
