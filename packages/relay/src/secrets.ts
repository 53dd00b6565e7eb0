import { createHash, randomBytes } from 'node:crypto';

/** An identifier that matches the protocol's `id`: 24 characters, 96 random bits. Not a secret. */
export function newId(): string {
  return randomBytes(12).toString('hex');
}

/** A secret of 256 random bits as unpadded base64url, behind a prefix that tells people and scanners what it is. */
export function newSecret(prefix = ''): string {
  return prefix + randomBytes(32).toString('base64url');
}

/**
 * SHA-256, hex: what is stored in place of a secret made by {@link newSecret}. A slow hash is for passwords; 256
 * random bits cannot be guessed. Looking a hash up in an index leaks nothing about other secrets by its timing.
 */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
