import { z } from 'zod';

/** One level of a topic that is a device's alone: no separators, wildcards, controls or colons (EmonESP counts them). */
export const NODE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** A WiFi device that was let in. */
export const lanDevice = z.strictObject({
  id: z.string(),
  /** As the person calls it; unique here. */
  name: z.string(),
  /** How it was let in. */
  way: z.enum(['porchlight', 'emonesp']),
  /** base64url of its Ed25519 key; `porchlight` only. */
  key: z.string().optional(),
  /** Hardware address, where the system knew it. */
  mac: z.string().optional(),
  /** Where it asked from. */
  address: z.string(),
  /** Its user name at the broker. */
  username: z.string(),
  /** SHA-256, hex, of its password, which has 128 random bits or more. */
  passwordHash: z.string(),
  /** The same for mosquitto's password file; absent: let in by an early version. */
  mosquittoHash: z.string().optional(),
  /** The level below the base topic that it alone publishes to; absent until its first message claims one. */
  node: z.string().regex(NODE).optional(),
  allowedAt: z.number(),
  /** Its credentials were taken back then. */
  revokedAt: z.number().optional(),
});
export type LanDevice = z.output<typeof lanDevice>;
