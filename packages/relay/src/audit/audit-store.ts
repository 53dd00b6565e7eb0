import type { AuditAction, AuditEntry } from '@porchlight/protocol/api';

export interface NewAuditEntry {
  /** Whose log it belongs to; undefined: the relay's own, which admins see. */
  readonly accountId: string | undefined;
  readonly at: number;
  readonly actor: string;
  readonly action: AuditAction;
  readonly deviceId?: string | undefined;
  readonly target?: string | undefined;
  readonly address?: string | undefined;
  readonly detail?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** Keeps the audit log: append-only, newest first when read. Entries outlive the device they speak of. */
export interface AuditStore {
  append(entries: readonly NewAuditEntry[]): Promise<void>;
  /** Of one account; with `withRelay` the relay's own entries too. `beforeId` for the next page. `since ≤ at < until`. */
  list(
    accountId: string,
    query: {
      withRelay: boolean;
      beforeId?: number | undefined;
      limit: number;
      deviceId?: string | undefined;
      action?: AuditAction | undefined;
      actor?: string | undefined;
      since?: number | undefined;
      until?: number | undefined;
    },
  ): Promise<AuditEntry[]>;
  prune(before: number): Promise<void>;
}
