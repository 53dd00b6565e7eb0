import { idParams, linkButtonRequest, pageOf } from '@porchlight/protocol/api';
import type { Endpoints } from '../endpoint.ts';

/** Apps that want the link button of a Hue bridge pressed; answered by its owner in a browser, never by a program. */
export function linkButtonRoutes(endpoints: Endpoints): void {
  const { linkButtons } = endpoints.deps;

  endpoints.guarded({
    method: 'GET',
    url: '/api/me/link-buttons',
    summary: 'Lists the apps that wait for the link button of a Hue bridge.',
    action: 'app:allow',
    answer: pageOf(linkButtonRequest),
    run: ({ person }) => Promise.resolve({ items: linkButtons.list(person.accountId) }),
  });

  for (const [word, allow, summary] of [
    ['allow', true, 'Has the link button of a bridge pressed for an app, once.'],
    ['deny', false, 'Tells an app that the link button of a bridge is not pressed for it.'],
  ] as const) {
    endpoints.guarded({
      method: 'POST',
      url: `/api/me/link-buttons/:id/${word}`,
      summary,
      action: 'app:allow',
      limit: { capacity: 30, refillMs: 1_000 },
      params: idParams,
      run: async ({ person, params, address }) => linkButtons.answer(person, params.id, allow, address),
    });
  }
}
