import { PorchlightError } from '@porchlight/protocol';
import { account, accountChange, idParams, newAccount, pageOf, pageQuery } from '@porchlight/protocol/api';
import type { Endpoints } from '../endpoint.ts';
import { pageFrom } from '../page.ts';
import { accountView } from '../views.ts';

/** The people of the relay, for admins. */
export function accountRoutes(endpoints: Endpoints): void {
  const { accounts } = endpoints.deps;

  endpoints.guarded({
    method: 'GET',
    url: '/api/accounts',
    summary: 'Lists the accounts in order of name.',
    action: 'accounts:read',
    query: pageQuery,
    answer: pageOf(account),
    run: async ({ query }) => {
      const found = await accounts.list({ afterName: query.cursor, limit: query.limit + 1 });
      return pageFrom(found, query.limit, accountView, (one) => one.name);
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/accounts',
    summary: 'Makes an account.',
    action: 'accounts:change',
    limit: { capacity: 30, refillMs: 2_000 },
    body: newAccount,
    answer: account,
    status: 201,
    run: async ({ person, body, address }) =>
      accountView(await accounts.create({ name: person.accountName, address }, body)),
  });

  endpoints.guarded({
    method: 'PATCH',
    url: '/api/accounts/:id',
    summary: 'Changes the role of an account, or sets a new password and ends its sessions.',
    action: 'accounts:change',
    limit: { capacity: 30, refillMs: 2_000 },
    params: idParams,
    body: accountChange,
    answer: account,
    run: async ({ person, params: { id }, body, address }) => {
      const actor = { name: person.accountName, address };
      if (body.password !== undefined && id === person.accountId) {
        throw new PorchlightError('forbidden', 'Change your own password at /api/me/password');
      }
      if (body.role !== undefined) await accounts.setRole(actor, id, body.role);
      if (body.password !== undefined) await accounts.setPassword(actor, id, body.password);
      const changed = await accounts.byId(id);
      if (changed === undefined) throw new PorchlightError('not_found');
      return accountView(changed);
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/accounts/:id',
    summary: 'Removes an account with its sessions, tokens and devices.',
    action: 'accounts:change',
    params: idParams,
    run: async ({ person, params, address }) => {
      await accounts.remove({ name: person.accountName, address }, params.id);
    },
  });
}
