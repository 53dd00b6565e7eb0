import { PorchlightError } from '@porchlight/protocol';
import { auditEntry, auditQuery, pageOf } from '@porchlight/protocol/api';
import type { Endpoints } from '../endpoint.ts';
import { pageFrom } from '../page.ts';

export function auditRoutes(endpoints: Endpoints): void {
  const { audit } = endpoints.deps;

  endpoints.guarded({
    method: 'GET',
    url: '/api/audit',
    summary: "Lists what was done, newest first; admins see the relay's own entries too.",
    action: 'audit:read',
    limit: { capacity: 60, refillMs: 500 },
    query: auditQuery,
    answer: pageOf(auditEntry),
    run: async ({ person, query: { cursor, limit, ...filter } }) => {
      const found = await audit.list(person.accountId, {
        ...filter,
        withRelay: person.role === 'admin',
        beforeId: cursor === undefined ? undefined : parseEntryId(cursor),
        limit: limit + 1,
      });
      return pageFrom(
        found,
        limit,
        (entry) => entry,
        (entry) => String(entry.id),
      );
    },
  });
}

function parseEntryId(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor))
    throw new PorchlightError('bad_request', 'The cursor is not one of this listing');
  return Number(cursor);
}
