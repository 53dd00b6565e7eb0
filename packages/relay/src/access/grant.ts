import { completeScopes, isScope, type Scope } from '@porchlight/protocol';

/** What a program may do for an account. */
export interface Grant {
  readonly scopes: ReadonlySet<Scope>;
  /** Ids of devices → names of services, undefined: the whole device. Undefined: all devices, and the account itself. */
  readonly devices: ReadonlyMap<string, ReadonlySet<string> | undefined> | undefined;
}

/** A grant as it is kept and as the API shows it. */
export interface GrantRecord {
  readonly scopes: readonly Scope[];
  /** Absent: all devices. */
  readonly devices?:
    | readonly { readonly id: string; readonly services?: readonly string[] | undefined }[]
    | undefined;
}

export function createGrant({ scopes, devices }: GrantRecord): Grant {
  return {
    scopes: new Set(completeScopes(scopes)),
    devices: devices && new Map(devices.map(({ id, services }) => [id, services && new Set(services)])),
  };
}

/** The grant of a text that {@link grantText} wrote; what cannot be read allows nothing. */
export function parseGrantText(text: string): GrantRecord {
  const nothing: GrantRecord = { scopes: [], devices: [] };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return nothing;
  }
  const { scopes, devices } = (value ?? {}) as { scopes?: unknown; devices?: unknown };
  if (!Array.isArray(scopes)) return nothing;
  const known = completeScopes(scopes.filter((scope) => typeof scope === 'string').filter(isScope));
  if (devices === undefined) return { scopes: known };
  if (!Array.isArray(devices)) return nothing;
  return {
    scopes: known,
    devices: devices.flatMap((device: { id?: unknown; services?: unknown } | null) => {
      const { id, services } = device ?? {};
      if (typeof id !== 'string') return [];
      if (services === undefined) return [{ id }];
      return Array.isArray(services)
        ? [{ id, services: services.filter((name) => typeof name === 'string') }]
        : [];
    }),
  };
}

export function grantText(record: GrantRecord): string {
  return JSON.stringify(record);
}

/** Whether a grant is about the device; `service`: about that service of it; `whole`: about all of it. */
export function reaches(
  grant: Grant,
  deviceId: string | undefined,
  how: 'part' | 'whole' | { readonly service: string | undefined },
): boolean {
  if (grant.devices === undefined) return true;
  if (deviceId === undefined || !grant.devices.has(deviceId)) return false;
  const services = grant.devices.get(deviceId);
  if (services === undefined || how === 'part') return true;
  return how !== 'whole' && how.service !== undefined && services.has(how.service);
}
