import { createHash } from 'node:crypto';
import ssh2, { type ParsedKey, type PublicKeyAuthContext } from 'ssh2';

/** A public key that a client has proven to hold. */
export interface DeviceKey {
  /** `SHA256:…` */
  readonly fingerprint: string;
  /** `<type> <base64>`, without comment. */
  readonly publicKey: string;
}

const KEY_TYPES = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
]);
/** Blob sizes (bytes) that leave out RSA keys under 2048 and over 8192 bit. */
const RSA_BLOB_MIN = 270;
const BLOB_MAX = 1100;

/** The key that a client offers in `publickey` authentication (RFC 4252 §7); undefined when it is none that we take. */
export function parseOfferedKey(context: PublicKeyAuthContext): ParsedKey | undefined {
  return parseKeyBlob(context.key.data);
}

/** A key blob (RFC 4253 §6.6) of a type and size that we take; undefined otherwise. */
export function parseKeyBlob(blob: Buffer): ParsedKey | undefined {
  if (blob.length > BLOB_MAX) return undefined;
  const parsed = ssh2.utils.parseKey(blob);
  if (parsed instanceof Error || Array.isArray(parsed)) return undefined;
  if (!KEY_TYPES.has(parsed.type) || (parsed.type === 'ssh-rsa' && blob.length < RSA_BLOB_MIN))
    return undefined;
  return parsed;
}

/**
 * Says that a key will do, if the client can prove to hold it (SSH_MSG_USERAUTH_PK_OK, RFC 4252 §7). ssh2 would name the
 * key's type in place of the algorithm that was asked for, and dropbear then signs with the former: SHA-1.
 */
export function acceptOffer(context: PublicKeyAuthContext): void {
  if (context.hashAlgo === 'sha256') context.key.algo = 'rsa-sha2-256';
  if (context.hashAlgo === 'sha512') context.key.algo = 'rsa-sha2-512';
  context.accept();
}

/** True when the client's signature fits: it holds the private key. SHA-1 signatures of RSA are not taken. */
export function provesKey(context: PublicKeyAuthContext, key: ParsedKey): boolean {
  if (context.signature === undefined || context.blob === undefined) return false;
  // ssh2 names no hash for `ssh-rsa`, and means SHA-1.
  if (key.type === 'ssh-rsa' && context.hashAlgo !== 'sha256' && context.hashAlgo !== 'sha512') return false;
  // An Error object, not an exception, when the signature cannot be read.
  const verified: unknown = key.verify(context.blob, context.signature, context.hashAlgo);
  return verified === true;
}

/** Without waiting: the client may open its channels with the very packet that follows its proof. */
export function describeKey(key: ParsedKey): DeviceKey {
  const blob = key.getPublicSSH();
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return { fingerprint: `SHA256:${digest}`, publicKey: `${key.type} ${blob.toString('base64')}` };
}
