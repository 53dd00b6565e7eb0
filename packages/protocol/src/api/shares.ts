import { z } from 'zod';
import { id, instant } from './common.ts';

/** A link by which a stranger opens one service of one device. */
export const share = z.object({
  id,
  name: z.string(),
  deviceId: id,
  service: z.string(),
  /** `read`: by methods that only read, and without WebSockets. */
  scope: z.enum(['read', 'write']),
  /** It asks for a password, too. */
  password: z.boolean(),
  createdAt: instant,
  /** Absent: it does not end by itself. */
  expiresAt: instant.optional(),
  /** Times that it can still be opened; absent: as often as one likes. */
  usesLeft: z.number().int().optional(),
  used: z.number().int(),
  lastUsedAt: instant.optional(),
});
export type Share = z.infer<typeof share>;

export const newShare = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scope: z.enum(['read', 'write']).default('read'),
  /** Hours until it ends; absent: never. */
  hours: z
    .number()
    .min(0.1)
    .max(24 * 3650)
    .optional(),
  uses: z.number().int().min(1).max(1_000_000).optional(),
  password: z.string().min(4, 'a share password has at least 4 characters').max(200).optional(),
});
export type NewShare = z.input<typeof newShare>;

/** The link is shown here and never again. */
export const madeShare = share.extend({ url: z.string() });
export type MadeShare = z.infer<typeof madeShare>;
