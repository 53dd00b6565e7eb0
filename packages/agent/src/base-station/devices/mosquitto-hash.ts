import { pbkdf2Sync, randomBytes } from 'node:crypto';

/** As mosquitto's own `mosquitto_passwd` makes them. */
const SALT_BYTES = 12;
const KEY_BYTES = 64;
/** For passwords of 144 random bits, as mosquitto's default; for people's, what a small computer does in 20 ms. */
export const ITERATIONS = { random: 101, chosen: 10_000 } as const;

/** What stands behind the name in a password file of mosquitto 2: `$7$`, PBKDF2 with HMAC-SHA-512. */
export function mosquittoHash(password: string, iterations: number, salt = randomBytes(SALT_BYTES)): string {
  const key = pbkdf2Sync(password, salt, iterations, KEY_BYTES, 'sha512');
  return `$7$${iterations}$${salt.toString('base64')}$${key.toString('base64')}`;
}
