import { z } from 'zod';
import { serviceName } from './devices.ts';

/**
 * The terminal's WebSocket, `GET /api/devices/<id>/terminal`: binary messages are what is typed and what is shown,
 * text messages are JSON of these two schemas. It goes: `connect`, `host-key` both ways, `auth` and an answer to it
 * until it is right, `ready`, data, `exit`.
 */

/** Longest secret that is taken. */
const SECRET_MAX = 1_024;
/** A private key as a file: an RSA key of 16 384 bits has 12 KB. */
export const PRIVATE_KEY_MAX = 16 * 1024;

const size = z.number().int().min(1).max(1_000);

/** What the browser says. */
export const terminalAsk = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('connect'),
    user: z
      .string()
      .min(1)
      .max(256)
      .regex(/^\P{Cc}+$/u),
    /** Absent: port 22 of the device. */
    service: serviceName.optional(),
    cols: size,
    rows: size,
  }),
  /** Whether the person takes the key for the device's. */
  z.strictObject({ type: z.literal('host-key'), accept: z.boolean() }),
  z.strictObject({ type: z.literal('password'), password: z.string().max(SECRET_MAX) }),
  /** OpenSSH's, PEM's or PuTTY's format; Ed25519, ECDSA or RSA. */
  z.strictObject({
    type: z.literal('key'),
    key: z.string().max(PRIVATE_KEY_MAX),
    passphrase: z.string().max(SECRET_MAX).optional(),
  }),
  /** Let the device ask its own questions (RFC 4256). */
  z.strictObject({ type: z.literal('keyboard') }),
  z.strictObject({ type: z.literal('answers'), answers: z.array(z.string().max(SECRET_MAX)).max(16) }),
  z.strictObject({ type: z.literal('resize'), cols: size, rows: size }),
  /** Bytes that have been shown since the last one: so much more may come. */
  z.strictObject({
    type: z.literal('shown'),
    bytes: z
      .number()
      .int()
      .min(1)
      .max(16 * 1024 * 1024),
  }),
]);
export type TerminalAsk = z.infer<typeof terminalAsk>;

/** What the relay says. */
export type TerminalSay =
  /** The device calls home; its next call is expected then (ms since 1970). */
  | { readonly type: 'waiting'; readonly dueAt: number }
  | { readonly type: 'host-key'; readonly algorithm: string; readonly fingerprint: string }
  /** The device wants proof; `failed`: the last one was wrong; `problem`: it could not be used, and why. */
  | {
      readonly type: 'auth';
      readonly methods: readonly string[];
      readonly failed: boolean;
      readonly problem?: string;
    }
  | {
      readonly type: 'prompts';
      readonly name: string;
      readonly instructions: string;
      readonly prompts: readonly { readonly prompt: string; readonly echo: boolean }[];
    }
  | { readonly type: 'ready' }
  | { readonly type: 'exit'; readonly code?: number; readonly signal?: string }
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly hint: string };
