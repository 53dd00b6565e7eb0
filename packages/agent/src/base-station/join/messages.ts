import { z } from 'zod';
import { KEY_BYTES, NONCE_BYTES, SIGNATURE_BYTES } from './handshake.ts';

const bytes = (length: number) =>
  z
    .string()
    .max(Math.ceil(length / 3) * 4)
    .transform((text, context) => {
      const read = Buffer.from(text, 'base64url');
      if (read.length === length && read.toString('base64url') === text) return read;
      context.addIssue({ code: 'custom', message: `must be ${length} bytes as unpadded base64url` });
      return z.NEVER;
    });

/** Longest name that a device may ask for, in characters. */
export const NAME_MAX = 32;

/** First: the device binds itself to its keys. */
export const hello = z.strictObject({
  v: z.literal(1),
  name: z
    .string()
    .min(1)
    .max(NAME_MAX)
    .regex(/^[\x20-\x7e]+$/),
  commitment: bytes(KEY_BYTES),
});

/** Then it shows them, and proves that it holds the lasting one. */
export const reveal = z.strictObject({
  key: bytes(KEY_BYTES),
  ephemeral: bytes(KEY_BYTES),
  nonce: bytes(NONCE_BYTES),
  signature: bytes(SIGNATURE_BYTES),
});

/** What a device that was let in gets, sealed. */
export interface Handover {
  readonly username: string;
  readonly password: string;
  /** Where the broker is, as the device reached the base station. */
  readonly host: string;
  /** Port without TLS; absent: closed. */
  readonly mqtt?: number;
  /** Port with TLS; absent: closed. */
  readonly mqtts?: number;
  /** The authority to pin for it, PEM. */
  readonly ca?: string;
  /** Below this, and nowhere else, it publishes and subscribes, e.g. `emon/kitchen/`. */
  readonly topics: string;
}
