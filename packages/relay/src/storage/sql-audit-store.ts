import type { AuditEntry } from '@porchlight/protocol/api';
import { type Selectable, sql } from 'kysely';
import type { AuditStore } from '../audit/audit-store.ts';
import type { Database, Schema } from './schema.ts';
import { factTable, keepable } from './values.ts';

/** Entries removed at a time: between two such steps SQLite lets other work through. */
const PRUNE_STEP = 2_000;

export function createAuditStore({ db, kind }: Database): AuditStore {
  return {
    async append(entries) {
      if (entries.length === 0) return;
      const facts = entries.map((entry) => ({
        accountId: entry.accountId,
        at: entry.at,
        actor: keepable(entry.actor),
        action: entry.action,
        deviceId: entry.deviceId,
        target: entry.target === undefined ? undefined : keepable(entry.target),
        address: entry.address === undefined ? undefined : keepable(entry.address),
        detail: JSON.stringify(keepableDetail(entry.detail ?? {})),
      }));
      await sql`
        insert into audit_entries (account_id, at, actor, action, device_id, target, address, detail)
        select value ->> 'accountId', cast(value ->> 'at' as bigint), value ->> 'actor', value ->> 'action',
          value ->> 'deviceId', value ->> 'target', value ->> 'address', value ->> 'detail'
        from ${factTable(kind, facts)}
      `.execute(db);
    },

    /** The relay's own entries are asked for apart, so that each question is answered along an index. */
    async list(accountId, query) {
      const page = (owner: string | null) => {
        let rows = db.selectFrom('audit_entries').selectAll();
        rows = owner === null ? rows.where('account_id', 'is', null) : rows.where('account_id', '=', owner);
        if (query.beforeId !== undefined) rows = rows.where('id', '<', query.beforeId);
        if (query.deviceId !== undefined) rows = rows.where('device_id', '=', query.deviceId);
        if (query.action !== undefined) rows = rows.where('action', '=', query.action);
        if (query.actor !== undefined) rows = rows.where('actor', '=', keepable(query.actor));
        if (query.since !== undefined) rows = rows.where('at', '>=', query.since);
        if (query.until !== undefined) rows = rows.where('at', '<', query.until);
        return rows.orderBy('id', 'desc').limit(query.limit).execute();
      };
      const own = await page(accountId);
      if (!query.withRelay) return own.map(toEntry);
      const all = [...own, ...(await page(null))].sort((a, b) => b.id - a.id);
      return all.slice(0, query.limit).map(toEntry);
    },

    async prune(before) {
      for (;;) {
        const old = db.selectFrom('audit_entries').select('id').where('at', '<', before).limit(PRUNE_STEP);
        const result = await db.deleteFrom('audit_entries').where('id', 'in', old).executeTakeFirst();
        if (result.numDeletedRows < BigInt(PRUNE_STEP)) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

function keepableDetail(detail: Readonly<Record<string, string | number | boolean>>): object {
  return Object.fromEntries(
    Object.entries(detail).map(([key, value]) => [key, typeof value === 'string' ? keepable(value) : value]),
  );
}

function toEntry(row: Selectable<Schema['audit_entries']>): AuditEntry {
  return {
    id: row.id,
    at: row.at,
    actor: row.actor,
    action: row.action,
    ...(row.device_id !== null && { deviceId: row.device_id }),
    ...(row.target !== null && { target: row.target }),
    ...(row.address !== null && { address: row.address }),
    detail: JSON.parse(row.detail) as AuditEntry['detail'],
  };
}
