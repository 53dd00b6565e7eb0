/** What a public key is called in front of people: OpenSSH's `SHA256:` form, and the short code of a join request. */

const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** OpenSSH fingerprint of a key blob (RFC 4253 §6.6): `SHA256:` and unpadded base64. */
export async function fingerprintOf(keyBlob: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(keyBlob)));
  return `SHA256:${btoa(String.fromCharCode(...digest)).replace(/=+$/, '')}`;
}

/** Characters of a join code: 80 bits. */
const CODE_LENGTH = 16;

/**
 * The code that both sides of a join request show: 16 characters as `XXXX-XXXX-XXXX-XXXX`, derived from the
 * fingerprints of the device's key and of the relay's host key. An impostor between the two has other keys and so
 * another code. Who looks for a pair of keys, one for each side, that gives the same code meets in the middle: it takes
 * some 2^40 keys for each side, within the ten minutes that a request lives.
 */
export async function joinCode(deviceFingerprint: string, relayFingerprint: string): Promise<string> {
  const text = new TextEncoder().encode(`porchlight join\n${deviceFingerprint}\n${relayFingerprint}`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  return grouped(Array.from(digest.slice(0, CODE_LENGTH), (byte) => ALPHABET[byte & 31]).join(''));
}

/** Brings a code typed by a person into the form that {@link joinCode} gives; undefined if it can be none. */
export function parseJoinCode(text: string): string | undefined {
  const code = text.toUpperCase().replace(/[\s-]/g, '');
  const legal = code.length === CODE_LENGTH && [...code].every((char) => ALPHABET.includes(char));
  return legal ? grouped(code) : undefined;
}

function grouped(code: string): string {
  return (code.match(/.{4}/g) ?? []).join('-');
}
