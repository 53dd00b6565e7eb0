import { type AppGrant, appGrant, idParams, pageOf } from '@porchlight/protocol/api';
import type { AppGrantRecord } from '../../oauth/index.ts';
import type { Endpoints } from '../endpoint.ts';

/** Apps that one has let in. */
export function appGrantRoutes(endpoints: Endpoints): void {
  const { appGrants, apps, consents, devices } = endpoints.deps;

  async function view(record: AppGrantRecord): Promise<AppGrant> {
    const { id, appId, accountId, grant, scope, linkButton, createdAt, lastUsedAt } = record;
    const app = await apps.find(appId);
    const named = await Promise.all(
      (grant.devices ?? []).map(async (one) => {
        const device = await devices.byId(accountId, one.id);
        return device && { id: one.id, name: device.name, services: one.services && [...one.services] };
      }),
    );
    return {
      id,
      app: app === undefined ? { id: appId, name: 'An app that is gone' } : await consents.face(app),
      scopes: [...grant.scopes],
      devices: grant.devices && named.filter((one) => one !== undefined),
      lasting: scope.split(' ').includes('offline_access'),
      linkButton,
      createdAt,
      lastUsedAt,
    };
  }

  endpoints.guarded({
    method: 'GET',
    url: '/api/me/app-grants',
    summary: 'Lists what one lets apps do, newest first.',
    action: 'app-grant:read',
    answer: pageOf(appGrant),
    run: async ({ person }) => {
      const records = await appGrants.list(person.accountId);
      return { items: await Promise.all(records.map(view)) };
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/me/app-grants/:id',
    summary: 'Ends the access of an app at once, with what it has open.',
    action: 'app-grant:revoke',
    params: idParams,
    run: ({ person, params, address }) => appGrants.revoke(person, params.id, address),
  });
}
