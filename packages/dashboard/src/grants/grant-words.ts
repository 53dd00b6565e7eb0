import type { Grant } from '@porchlight/protocol/api';

/** A grant in a few words: "read, write at 2 devices". `names`: of devices, as far as they are known. */
export function grantWords(grant: Grant | undefined, names: ReadonlyMap<string, string> = new Map()): string {
  if (grant === undefined) return 'everything you may';
  const scopes = grant.scopes.join(', ');
  if (grant.devices === undefined) return `${scopes} at all devices`;
  const reached = grant.devices.map(({ id, services }) => {
    const name = names.get(id) ?? 'a removed device';
    return services === undefined ? name : `${name} (${services.join(', ')})`;
  });
  return reached.length > 3 ? `${scopes} at ${reached.length} devices` : `${scopes} at ${reached.join(', ')}`;
}
