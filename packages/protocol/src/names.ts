/**
 * Names that end up in host names. A device name and a service name are each one DNS label
 * (RFC 1123: letters, digits, inner hyphens), lower case, and never contain `--`, because a published
 * service's host name is `<service>--<device>.<domain>` and that first label may have 63 octets at most.
 */

/** Longest device name, in characters: leaves room for `<service>--` within one 63 octet label. */
export const DEVICE_NAME_MAX = 32;
/** Longest service name, in characters. */
export const SERVICE_NAME_MAX = 29;
/** Longest account name, in characters. */
export const ACCOUNT_NAME_MAX = 32;

const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

function isLabel(value: string, max: number): boolean {
  return value.length > 0 && value.length <= max && LABEL.test(value) && !value.includes('--');
}

/** True for a legal device name: one lower-case DNS label of 1 to 32 characters without `--`. */
export function isDeviceName(value: string): boolean {
  return isLabel(value, DEVICE_NAME_MAX);
}

/** True for a legal service name: one lower-case DNS label of 1 to 29 characters without `--`. */
export function isServiceName(value: string): boolean {
  return isLabel(value, SERVICE_NAME_MAX);
}

/** True for a legal account name: as a device name, with `.` and `_` inside allowed too. */
export function isAccountName(value: string): boolean {
  return value.length <= ACCOUNT_NAME_MAX && /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/.test(value);
}

/** The first label of a published service's host name. */
export function serviceLabel(service: string, device: string): string {
  return `${service}--${device}`;
}

/** Splits `<service>--<device>`; undefined when the label is not of that form. */
export function parseServiceLabel(label: string): { service: string; device: string } | undefined {
  const at = label.indexOf('--');
  if (at < 0) return undefined;
  const service = label.slice(0, at);
  const device = label.slice(at + 2);
  return isServiceName(service) && isDeviceName(device) ? { service, device } : undefined;
}

/** Turns any text (a host name, a person's wish) into a legal device name, or undefined if nothing is left of it. */
export function toDeviceName(text: string): string | undefined {
  const label = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, DEVICE_NAME_MAX)
    .replace(/-+$/, '');
  return isDeviceName(label) ? label : undefined;
}
