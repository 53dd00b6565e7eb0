import { idParams, newSshKey, pageOf, sshKey } from '@porchlight/protocol/api';
import { parsePublicKeyLine } from '../../ssh/index.ts';
import type { Endpoints } from '../endpoint.ts';
import { sshKeyView } from '../views.ts';

/** One's own SSH keys, with which one is an operator. */
export function sshKeyRoutes(endpoints: Endpoints): void {
  const { sshKeys } = endpoints.deps;

  endpoints.guarded({
    method: 'GET',
    url: '/api/me/ssh-keys',
    summary: 'Lists the SSH keys.',
    action: 'ssh-key:read',
    answer: pageOf(sshKey),
    run: async ({ person }) => {
      const keys = await sshKeys.list(person.accountId);
      return { items: keys.map((key) => sshKeyView(key)) };
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/me/ssh-keys',
    summary: 'Adds an SSH key, given as one line of a .pub file.',
    action: 'ssh-key:change',
    limit: { capacity: 20, refillMs: 10_000 },
    body: newSshKey,
    answer: sshKey,
    status: 201,
    run: async ({ person, body, address }) => {
      const { comment, ...key } = parsePublicKeyLine(body.publicKey);
      const name = body.name === '' ? comment : body.name;
      return sshKeyView(await sshKeys.add(person, { ...key, name }, address));
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/me/ssh-keys/:id',
    summary: 'Removes an SSH key and ends the connections that came in with it.',
    action: 'ssh-key:change',
    params: idParams,
    run: ({ person, params, address }) => sshKeys.remove(person, params.id, address),
  });
}
