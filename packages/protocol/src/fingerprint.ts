/** What a public key is called in front of people: OpenSSH's `SHA256:` form, and the short code of a join request. */

const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** OpenSSH fingerprint of a key blob (RFC 4253 §6.6): `SHA256:` and unpadded base64. */
export async function fingerprintOf(keyBlob: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(keyBlob)));
  return `SHA256:${btoa(String.fromCharCode(...digest)).replace(/=+$/, '')}`;
}

/**
 * The code that both sides of a join request show: 8 characters (40 bit) as `XXXX-XXXX`, derived from the
 * fingerprints of the device's key and of the relay's host key. An impostor between the two has other keys and so
 * another code. Who looks for a pair of keys, one for each side, that gives the same code needs some 2^20 keys for
 * each (they meet in the middle): minutes. The code keeps out an impostor who has not prepared; a host key learnt
 * over verified HTTPS, or compared by its fingerprint, keeps out all.
 */
export async function joinCode(deviceFingerprint: string, relayFingerprint: string): Promise<string> {
  const text = new TextEncoder().encode(`porchlight join\n${deviceFingerprint}\n${relayFingerprint}`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  const code = Array.from(digest.slice(0, 8), (byte) => ALPHABET[byte & 31]).join('');
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** Brings a code typed by a person into the form that {@link joinCode} gives; undefined if it can be none. */
export function parseJoinCode(text: string): string | undefined {
  const code = text.toUpperCase().replace(/[\s-]/g, '');
  if (code.length !== 8 || [...code].some((char) => !ALPHABET.includes(char))) return undefined;
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}
