import { z } from 'zod';
import { id, instant } from './common.ts';

/** An SSH key of a person, with which they are an operator. */
export const sshKey = z.object({
  id,
  name: z.string(),
  /** `SHA256:…` */
  fingerprint: z.string(),
  /** `ssh-ed25519`, `ssh-rsa`, … */
  type: z.string(),
  createdAt: instant,
  lastUsedAt: instant.optional(),
});
export type SshKey = z.infer<typeof sshKey>;

/** `publicKey`: one line as in a `.pub` file; its comment is the name if none is given. */
export const newSshKey = z.strictObject({
  name: z.string().trim().max(100).default(''),
  publicKey: z.string().max(16_384),
});
export type NewSshKey = z.input<typeof newSshKey>;
