// Imported, not required: so it is the same module as ssh2's own in the device's one file too.
import crypto from 'ssh2/lib/protocol/crypto.js';

/**
 * True when ssh2's native cipher is in use. It is built for one Node version; with another it fails to load without
 * a word and costs half the speed.
 */
export function nativeCipherInUse(): boolean {
  return crypto.bindingAvailable;
}
