import type { HostKey } from './connection.ts';

/** Host keys of devices that the person has taken for theirs, as `known_hosts` of ssh: in this browser only. */
const PREFIX = 'porchlight-host-key:';

export interface KnownHost extends HostKey {
  /** When it was taken, ms since 1970. */
  readonly at: number;
}

export type HostKeyJudgement =
  | { readonly kind: 'known' }
  | { readonly kind: 'new' }
  | { readonly kind: 'changed'; readonly before: KnownHost };

/** What this browser knows of a device's host key. */
export function judgeHostKey(
  deviceId: string,
  shown: HostKey,
  storage: Storage = localStorage,
): HostKeyJudgement {
  const before = read(deviceId, storage);
  if (before === undefined) return { kind: 'new' };
  return before.fingerprint === shown.fingerprint ? { kind: 'known' } : { kind: 'changed', before };
}

/** Takes it for the device's from now on. Where storage is forbidden the question comes again the next time. */
export function rememberHostKey(deviceId: string, hostKey: HostKey, storage: Storage = localStorage): void {
  try {
    storage.setItem(PREFIX + deviceId, JSON.stringify({ ...hostKey, at: Date.now() }));
  } catch {
    // Storage is full or forbidden.
  }
}

function read(deviceId: string, storage: Storage): KnownHost | undefined {
  try {
    const kept: unknown = JSON.parse(storage.getItem(PREFIX + deviceId) ?? 'null');
    return isKnownHost(kept) ? kept : undefined;
  } catch {
    // Not readable, or not ours: as if there were none, so that the person is asked.
    return undefined;
  }
}

function isKnownHost(value: unknown): value is KnownHost {
  if (typeof value !== 'object' || value === null) return false;
  const { fingerprint, algorithm, at } = value as Record<string, unknown>;
  return typeof fingerprint === 'string' && typeof algorithm === 'string' && typeof at === 'number';
}
