import type { Device } from '@porchlight/protocol/api';

/** What the terminal asks for: a service by its name, or port 22 of the device. */
export interface ShellTarget {
  readonly service: string | undefined;
}

/** The way to the device's SSH server; undefined: there is none. A device that calls home can be asked for port 22. */
export function shellTarget({ services, link }: Device): ShellTarget | undefined {
  const offered = services.filter(({ kind, offered: now }) => kind === 'tcp' && now);
  if (offered.some(({ port }) => port === 22)) return { service: undefined };
  const named = offered.find(({ name }) => name === 'ssh' || name === '22');
  if (named !== undefined) return { service: named.name };
  return link.callHome === undefined ? undefined : { service: undefined };
}
