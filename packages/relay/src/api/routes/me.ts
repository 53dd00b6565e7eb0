import { PorchlightError } from '@porchlight/protocol';
import {
  accessToken,
  idParams,
  madeAccessToken,
  me,
  newAccessToken,
  pageOf,
  passwordChange,
  session,
} from '@porchlight/protocol/api';
import { type Person, sessionOf } from '../../access/index.ts';
import type { Endpoints } from '../endpoint.ts';
import { ownDevice } from '../own-device.ts';
import { accessTokenView, meView, sessionView } from '../views.ts';

/** One's own account: password, sessions, access tokens. */
export function meRoutes(endpoints: Endpoints): void {
  const { deps } = endpoints;

  function noteEnded(person: Person, address: string, count: number): void {
    const at = deps.clock.now();
    const { accountId, accountName: actor } = person;
    deps.audit.append({ accountId, at, actor, action: 'session.ended', address, detail: { count } });
  }

  endpoints.guarded({
    method: 'GET',
    url: '/api/me',
    summary: 'Who is signed in, and where.',
    action: 'account:read',
    answer: me,
    run: async ({ person }) => {
      const account = await deps.accounts.byId(person.accountId);
      if (account === undefined) throw new PorchlightError('not_signed_in');
      return meView(account, deps.relay);
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/me/password',
    summary: 'Changes the password and ends all other sessions.',
    action: 'account:secure',
    limit: { capacity: 5, refillMs: 60_000 },
    body: passwordChange,
    run: async ({ person, body, address }) => {
      await deps.accounts.changePassword({ name: person.accountName, address }, sessionOf(person), body);
    },
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/me/sessions',
    summary: 'Lists the sessions.',
    action: 'account:secure',
    answer: pageOf(session),
    run: async ({ person }) => {
      const { accountId, sessionId } = sessionOf(person);
      const sessions = await deps.sessions.list(accountId);
      return { items: sessions.map((one) => sessionView(one, sessionId)) };
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/me/sessions/:id',
    summary: 'Ends one session.',
    action: 'account:secure',
    params: idParams,
    run: async ({ person, params, address }) => {
      if (!(await deps.sessions.end(person.accountId, params.id))) throw new PorchlightError('not_found');
      noteEnded(person, address, 1);
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/me/sessions/end-others',
    summary: 'Ends all sessions but this one.',
    action: 'account:secure',
    run: async ({ person, address }) => {
      const { accountId, sessionId } = sessionOf(person);
      const ended = await deps.sessions.endOthers(accountId, sessionId);
      if (ended.length > 0) noteEnded(person, address, ended.length);
    },
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/me/access-tokens',
    summary: 'Lists the access tokens.',
    action: 'access-token:read',
    answer: pageOf(accessToken),
    run: async ({ person }) => {
      const tokens = await deps.accessTokens.list(person.accountId);
      return { items: tokens.map((token) => accessTokenView(token)) };
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/me/access-tokens',
    summary: 'Makes an access token; the answer alone has it.',
    action: 'account:secure',
    limit: { capacity: 20, refillMs: 10_000 },
    body: newAccessToken,
    answer: madeAccessToken,
    status: 201,
    run: async ({ person, body, address }) => {
      for (const { id } of body.grant?.devices ?? [])
        await ownDevice(deps.devices, person, 'device:read', id);
      const { record, token } = await deps.accessTokens.make(person, body, address);
      return { ...accessTokenView(record), token };
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/me/access-tokens/:id',
    summary: 'Revokes an access token.',
    action: 'access-token:revoke',
    params: idParams,
    run: ({ person, params, address }) => deps.accessTokens.revoke(person, params.id, address),
  });
}
