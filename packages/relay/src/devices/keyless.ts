import { randomBytes } from 'node:crypto';

const PREFIX = 'mqtt:';

/**
 * What stands in the record of a device without SSH key where a fingerprint would: such a device speaks only MQTT, and
 * signs in with credentials. No key has a fingerprint that begins so.
 */
export function newKeylessFingerprint(): string {
  return PREFIX + randomBytes(16).toString('hex');
}

/** The fingerprint of a device's key; undefined: it has none. */
export function keyFingerprintOf({ fingerprint }: { readonly fingerprint: string }): string | undefined {
  return fingerprint.startsWith(PREFIX) ? undefined : fingerprint;
}
