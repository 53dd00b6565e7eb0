import { setTimeout as pause } from 'node:timers/promises';
import type { AuditFilter, RelayApi } from '@porchlight/client';
import { PorchlightError } from '@porchlight/protocol';
import type { AuditEntry } from '@porchlight/protocol/api';

/** Time between two looks for new entries: a quarter of what the relay allows one account. */
const LOOK_MS = 2_000;
const PAGE = 500;

export interface FollowOptions {
  /** So many of the newest come first. */
  readonly last: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** Entries of the audit, oldest first; with `follow` then each new one, until it is aborted. A relay that is away is waited for. */
export async function* followAudit(
  api: RelayApi,
  filter: AuditFilter,
  { last, follow, signal }: FollowOptions,
): AsyncGenerator<AuditEntry, void, undefined> {
  const begin = await newest(api, filter, last, signal);
  let seen = begin.at(-1)?.id ?? 0;
  yield* begin;
  if (!follow) return;
  while (await waited(signal)) {
    try {
      const fresh: AuditEntry[] = [];
      for await (const entry of api.audit.all({ ...filter, signal })) {
        if (entry.id <= seen) break;
        fresh.unshift(entry);
      }
      seen = fresh.at(-1)?.id ?? seen;
      yield* fresh;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof PorchlightError) || !error.retry) throw error;
    }
  }
}

async function newest(
  api: RelayApi,
  filter: AuditFilter,
  last: number,
  signal: AbortSignal,
): Promise<AuditEntry[]> {
  const found: AuditEntry[] = [];
  let cursor: string | undefined;
  while (found.length < last) {
    const limit = Math.min(PAGE, last - found.length);
    const { items, next } = await api.audit.list({ ...filter, limit, cursor, signal });
    found.push(...items);
    if (next === undefined) break;
    cursor = next;
  }
  return found.reverse();
}

/** False when it is time to leave. */
async function waited(signal: AbortSignal): Promise<boolean> {
  await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
