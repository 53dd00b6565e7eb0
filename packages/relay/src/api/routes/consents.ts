import {
  type ConsentAnswer,
  consentAnswer,
  consentDone,
  consentParams,
  consentRequest,
  userCodeParams,
} from '@porchlight/protocol/api';
import type { Endpoints } from '../endpoint.ts';

/** A code has 34 bits and lives ten minutes: nobody finds one by trying (RFC 8628 §5.1). */
const CODE_TRIES = { capacity: 20, refillMs: 15_000 };

/** What apps ask one for; answered by the person in a browser, never by a program. */
export function consentRoutes(endpoints: Endpoints): void {
  const { consents } = endpoints.deps;

  endpoints.guarded({
    method: 'GET',
    url: '/api/me/consents/:id',
    summary: 'Tells what an app asks for that sent the browser here.',
    action: 'app:allow',
    params: consentParams,
    answer: consentRequest,
    run: ({ person, params }) => consents.request(person, params.id),
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/me/consents/:id',
    summary: 'Allows an app what it asked for, or less, or denies it; tells where the browser goes on.',
    action: 'app:allow',
    limit: { capacity: 30, refillMs: 5_000 },
    params: consentParams,
    body: consentAnswer,
    answer: consentDone,
    run: ({ person, params, body, address }) =>
      consents.answer(person, params.id, answerOf(body), { address }),
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/me/device-codes/:code',
    summary: 'Tells what the program asks for that shows this code.',
    action: 'app:allow',
    limit: CODE_TRIES,
    params: userCodeParams,
    answer: consentRequest,
    run: ({ person, params }) => consents.codeRequest(person, params.code),
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/me/device-codes/:code',
    summary: 'Allows the program that shows this code what it asked for, or less, or denies it.',
    action: 'app:allow',
    limit: CODE_TRIES,
    params: userCodeParams,
    body: consentAnswer,
    run: ({ person, params, body, address }) =>
      consents.answerCode(person, params.code, answerOf(body), { address }),
  });
}

function answerOf(body: ConsentAnswer) {
  return body.allow ? { scopes: body.scopes, devices: body.devices, linkButton: body.linkButton } : undefined;
}
