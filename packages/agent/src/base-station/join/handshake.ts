/**
 * The key agreement by which a WiFi device is let in: what both ends compute, byte by byte. Nothing is invented here:
 * X25519 (RFC 7748) with a commitment before the keys are shown, as in ZRTP (RFC 6189 §4.4.1) and Bluetooth's numeric
 * comparison, Ed25519 (RFC 8032), HKDF-SHA-256 (RFC 5869), AES-256-GCM (NIST SP 800-38D).
 *
 *     device → base   commitment = SHA-256("porchlight lan commit 1\n" key ephemeral nonce)
 *     base → device   key ephemeral nonce
 *     device → base   key ephemeral nonce, and its signature of the transcript
 *     base → device   its signature of the transcript
 *
 * The device is bound to its keys before it sees the base station's, and the base station chooses its own without
 * having seen the device's: whoever stands between the two has one try in a million that the codes agree.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';

const COMMIT = 'porchlight lan commit 1\n';
const TRANSCRIPT = 'porchlight lan join 1\n';
const CODE = 'porchlight lan code 1\n';
const SEAL = 'porchlight lan seal 1';
const SIGNED_BY = { device: 'porchlight lan device 1\n', base: 'porchlight lan base 1\n' } as const;

export const KEY_BYTES = 32;
export const NONCE_BYTES = 16;
export const SIGNATURE_BYTES = 64;
const GCM_NONCE_BYTES = 12;
const GCM_TAG_BYTES = 16;
const CODES = 1_000_000;

/** What one side shows: its lasting Ed25519 key, an X25519 key for this once, and a nonce of 16 bytes. */
export interface Shown {
  readonly key: Buffer;
  readonly ephemeral: Buffer;
  readonly nonce: Buffer;
}

/** One side's secrets for one key agreement, with what it shows. */
export interface Side {
  readonly identity: KeyObject;
  readonly secret: KeyObject;
  readonly shown: Shown;
}

/** Everything that both sides have said. */
export interface Said {
  /** UTF-8, 255 bytes at most. */
  readonly name: string;
  readonly commitment: Buffer;
  readonly base: Shown;
  readonly device: Shown;
}

/** A side of a new key agreement. `identity`: its lasting Ed25519 private key. */
export function createSide(identity: KeyObject): Side {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const shown = { key: rawKey(identity), ephemeral: rawKey(publicKey), nonce: randomBytes(NONCE_BYTES) };
  return { identity, secret: privateKey, shown };
}

export function commitmentTo({ key, ephemeral, nonce }: Shown): Buffer {
  return createHash('sha256').update(COMMIT).update(key).update(ephemeral).update(nonce).digest();
}

/** Whether what a device shows is what it had committed itself to. */
export function keepsCommitment(commitment: Buffer, shown: Shown): boolean {
  const expected = commitmentTo(shown);
  return commitment.length === expected.length && timingSafeEqual(commitment, expected);
}

/** SHA-256 of everything said, each field of fixed length but the name, which has its length before it. */
export function transcriptOf({ name, commitment, base, device }: Said): Buffer {
  const bytes = Buffer.from(name);
  const hash = createHash('sha256').update(TRANSCRIPT).update(Buffer.of(bytes.length)).update(bytes);
  hash.update(commitment);
  for (const { key, ephemeral, nonce } of [base, device]) hash.update(key).update(ephemeral).update(nonce);
  return hash.digest();
}

/** What both ends show to the person: six digits, as `123-456`. */
export function codeOf(transcript: Buffer): string {
  const digest = createHash('sha256').update(CODE).update(transcript).digest();
  const digits = String(digest.readUInt32BE(0) % CODES).padStart(6, '0');
  return `${digits.slice(0, 3)}-${digits.slice(3)}`;
}

export function signTranscript(by: keyof typeof SIGNED_BY, identity: KeyObject, transcript: Buffer): Buffer {
  return sign(null, Buffer.concat([Buffer.from(SIGNED_BY[by]), transcript]), identity);
}

/** `key`: the raw Ed25519 public key of who is said to have signed. False for anything that is no key or signature. */
export function hasSigned(
  by: keyof typeof SIGNED_BY,
  key: Buffer,
  transcript: Buffer,
  signature: Buffer,
): boolean {
  if (key.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  const signed = Buffer.concat([Buffer.from(SIGNED_BY[by]), transcript]);
  return verify(null, signed, publicKeyOf('Ed25519', key), signature);
}

/** The key that seals what the base station hands over. @throws Error for an X25519 key without a secret (all zeros) */
export function sealingKey({ secret }: Side, theirs: Buffer, transcript: Buffer): Buffer {
  const shared = diffieHellman({ privateKey: secret, publicKey: publicKeyOf('X25519', theirs) });
  return Buffer.from(hkdfSync('sha256', shared, transcript, SEAL, KEY_BYTES));
}

/** nonce (12) ‖ ciphertext ‖ tag (16). A key seals one message only. */
export function seal(key: Buffer, transcript: Buffer, plain: Buffer): Buffer {
  const nonce = randomBytes(GCM_NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(transcript);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error when it was not sealed with this key for this transcript, or was changed */
export function unseal(key: Buffer, transcript: Buffer, sealed: Buffer): Buffer {
  const nonce = sealed.subarray(0, GCM_NONCE_BYTES);
  const tag = sealed.subarray(-GCM_TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: GCM_TAG_BYTES });
  decipher.setAAD(transcript).setAuthTag(tag);
  const body = sealed.subarray(GCM_NONCE_BYTES, -GCM_TAG_BYTES);
  return Buffer.concat([decipher.update(body), decipher.final()]);
}

/** The 32 bytes of a public key, or of the public half of a private one. */
export function rawKey(key: KeyObject): Buffer {
  const { x = '' } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return Buffer.from(x, 'base64url');
}

function publicKeyOf(curve: 'Ed25519' | 'X25519', raw: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: curve, x: raw.toString('base64url') }, format: 'jwk' });
}
