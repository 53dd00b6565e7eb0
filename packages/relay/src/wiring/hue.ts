import {
  Bridges,
  ClientAuthentication,
  HueHost,
  type LinkButtons,
  RemoteButton,
  TokenEndpoint,
} from '../adapters/index.ts';
import type { AuthorizationServer } from '../oauth/index.ts';
import type { AdmittedVisits } from '../publish/index.ts';
import type { Foundation } from './foundation.ts';
import type { People } from './people.ts';

/** The Hue remote API. `origin`: of the console, asked for once the ports are open. */
export function wireHue(
  { stores, clock, logger, metrics }: Foundation,
  { apps, appGrants: grants, identities }: People,
  parts: { oauth: AuthorizationServer; visits: AdmittedVisits; buttons: LinkButtons; origin: () => string },
): HueHost {
  const { oauth, visits, buttons, origin } = parts;
  const log = logger.child('hue');
  const clients = new ClientAuthentication({ apps, clock });
  return new HueHost({
    ...{ apps, identities, visits, clock },
    tokens: new TokenEndpoint({ clients, server: oauth, clock }),
    bridges: new Bridges({
      devices: stores.devices,
      switchedOn: (accountId) => stores.services.hueBridges(accountId),
    }),
    button: new RemoteButton({ visits, buttons, grants, apps, clock }),
    console: origin,
    meters: metrics.requests,
    onError: (error) => log.error({ error }, 'Hue remote API failed'),
  });
}
