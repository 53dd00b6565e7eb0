import { parseServiceLabel } from '@porchlight/protocol';

/** What a Host header names. */
export type HostTarget =
  | { readonly kind: 'console' }
  | { readonly kind: 'service'; readonly device: string; readonly service: string }
  /** The host of the Hue remote API. */
  | { readonly kind: 'hue' }
  /** The host whose services are told by the path. */
  | { readonly kind: 'paths' }
  | { readonly kind: 'unknown' };

const UNKNOWN: HostTarget = { kind: 'unknown' };
const CONSOLE: HostTarget = { kind: 'console' };
const HUE: HostTarget = { kind: 'hue' };
const PATHS: HostTarget = { kind: 'paths' };

/** First label of the host of the Hue remote API. No service's can be it: theirs have `--` in them. */
const HUE_LABEL = 'hue';

/**
 * Reads the value of a Host header (RFC 9110 §7.2), with or without port. The console is the bare domain; addresses
 * of this machine reach the console too when the domain is a loopback name. `pathsHost`: the host for path routes.
 */
export function parseHost(host: string | undefined, domain: string, pathsHost?: string): HostTarget {
  if (host === undefined || host.length === 0 || host.length > 300) return UNKNOWN;
  const name = hostName(host);
  if (name === domain) return CONSOLE;
  if (name === pathsHost) return PATHS;
  if (name === `${HUE_LABEL}.${domain}`) return HUE;
  if (isLoopbackName(domain) && (name === '127.0.0.1' || name === '[::1]' || name === 'localhost'))
    return CONSOLE;
  const suffix = `.${domain}`;
  if (!name.endsWith(suffix)) return UNKNOWN;
  const label = name.slice(0, -suffix.length);
  if (label.includes('.')) return UNKNOWN;
  const parsed = parseServiceLabel(label);
  return parsed === undefined ? UNKNOWN : { kind: 'service', ...parsed };
}

/** The host without port and trailing dot, lower case. */
export function hostName(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '');
}

/** True for names that browsers take for this machine itself (RFC 6761 §6.3): no certificate is needed there. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || name === '127.0.0.1' || name === '[::1]';
}
