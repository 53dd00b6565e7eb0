import { createRequire } from 'node:module';

/**
 * True when ssh2's native cipher is in use. It is built for one Node version; with another it fails to load without
 * a word and costs half the speed, so programs say it in their start-up log.
 */
export function nativeCipherInUse(): boolean {
  const require = createRequire(import.meta.url);
  const crypto: unknown = require('ssh2/lib/protocol/crypto.js');
  return (
    typeof crypto === 'object' &&
    crypto !== null &&
    'bindingAvailable' in crypto &&
    crypto.bindingAvailable === true
  );
}
