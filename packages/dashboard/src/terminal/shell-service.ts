import type { Device } from '@porchlight/protocol/api';

/** True when there is a way to the device's SSH server: a service for it, or a device that can be asked for port 22. */
export function hasShell({ services, link }: Device): boolean {
  if (link.callHome !== undefined) return true;
  return services.some(
    ({ kind, name, port, offered }) =>
      kind === 'tcp' && offered && (name === 'ssh' || name === '22' || port === 22),
  );
}
