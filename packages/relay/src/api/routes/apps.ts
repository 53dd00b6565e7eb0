import {
  app,
  appChange,
  id,
  idParams,
  madeApp,
  madeAppSecret,
  newApp,
  pageOf,
} from '@porchlight/protocol/api';
import { z } from 'zod';
import type { Endpoints } from '../endpoint.ts';
import { appView } from '../views.ts';

/** Apps that one has registered: OAuth clients. */
export function appRoutes(endpoints: Endpoints): void {
  const { apps } = endpoints.deps;

  endpoints.guarded({
    method: 'GET',
    url: '/api/me/apps',
    summary: 'Lists the apps that one has registered.',
    action: 'app:read',
    answer: pageOf(app),
    run: async ({ person }) => ({ items: (await apps.list(person.accountId)).map((one) => appView(one)) }),
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/me/apps',
    summary: 'Registers an app; the answer alone has its secret.',
    action: 'app:change',
    limit: { capacity: 20, refillMs: 10_000 },
    body: newApp,
    answer: madeApp,
    status: 201,
    run: async ({ person, body, address }) => {
      const { record, secret } = await apps.register(person, body, address);
      return { ...appView(record), secret };
    },
  });

  endpoints.guarded({
    method: 'PATCH',
    url: '/api/me/apps/:id',
    summary: 'Changes the name, logo or callbacks of an app.',
    action: 'app:change',
    params: idParams,
    body: appChange,
    answer: app,
    run: async ({ person, params, body, address }) =>
      appView(await apps.change(person, params.id, body, address)),
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/me/apps/:id',
    summary: 'Removes an app and ends what people let it do.',
    action: 'app:change',
    params: idParams,
    run: ({ person, params, address }) => apps.remove(person, params.id, address),
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/me/apps/:id/secrets',
    summary:
      'Makes a second secret of an app; the answer alone has it, and the first stays good until it is removed.',
    action: 'app:change',
    limit: { capacity: 20, refillMs: 10_000 },
    params: idParams,
    answer: madeAppSecret,
    status: 201,
    run: async ({ person, params, address }) => {
      const { record, secret } = await apps.makeSecret(person, params.id, address);
      return { id: record.id, createdAt: record.createdAt, secret };
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/me/apps/:id/secrets/:secret',
    summary: 'Removes a secret of an app that has another one.',
    action: 'app:change',
    params: z.object({ id, secret: id }),
    run: ({ person, params, address }) => apps.removeSecret(person, params.id, params.secret, address),
  });
}
