import type { Grant } from '@porchlight/protocol/api';

/** What a program may do and where, e.g. `read, write at robot/web`. */
export function grantWords(grant: Grant | undefined, deviceName: (id: string) => string): string {
  if (grant === undefined) return 'everything';
  const { scopes, devices } = grant;
  if (devices === undefined) return scopes.join(', ');
  const places = devices.flatMap(({ id, services }) =>
    services === undefined ? [deviceName(id)] : services.map((service) => `${deviceName(id)}/${service}`),
  );
  return `${scopes.join(', ')} at ${places.join(', ')}`;
}

/** When it was last used. */
export function usedWords(lastUsedAt: number | undefined, span: (ms: number) => string, now: number): string {
  return lastUsedAt === undefined ? 'never' : `${span(Math.max(0, now - lastUsedAt))} ago`;
}
