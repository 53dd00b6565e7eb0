import { z } from 'zod';
import { id, instant } from './common.ts';
import { deviceName, tags } from './devices.ts';

/** An unknown device asks to be let in. */
export const joinRequest = z.object({
  id,
  /** Compare it with the code that the device shows. */
  code: z.string(),
  name: z.string(),
  address: z.string(),
  fingerprint: z.string(),
  /** What asks: `agent 0.1.0`, or the SSH software's own version string. */
  software: z.string(),
  askedAt: instant,
  expiresAt: instant,
  /** The device's connection is open and learns the answer at once. */
  connected: z.boolean(),
});
export type JoinRequest = z.infer<typeof joinRequest>;

export const joinRequestQuery = z.strictObject({
  /** Finds a request that was not addressed to this account, by the code the device shows. */
  code: z.string().max(40).optional(),
});
export const allowance = z.strictObject({
  code: z.string().max(40),
  name: deviceName,
  tags: tags.default([]),
});
export type Allowance = z.input<typeof allowance>;
export const denial = z.strictObject({ code: z.string().max(40) });

/** Lets devices in without a person: for fleets and unattended set-up. */
export const enrolmentToken = z.object({
  id,
  note: z.string(),
  tags,
  createdAt: instant,
  expiresAt: instant,
  usesLeft: z.number().int(),
  used: z.number().int(),
});
export type EnrolmentToken = z.infer<typeof enrolmentToken>;
export const newEnrolmentToken = z.strictObject({
  note: z.string().trim().max(100).default(''),
  tags: tags.default([]),
  hours: z
    .number()
    .int()
    .min(1)
    .max(24 * 365)
    .default(24),
  uses: z.number().int().min(1).max(100_000).default(1),
});
export type NewEnrolmentToken = z.input<typeof newEnrolmentToken>;
/** The token itself is shown here and never again. */
export const madeEnrolmentToken = enrolmentToken.extend({ token: z.string() });
export type MadeEnrolmentToken = z.infer<typeof madeEnrolmentToken>;
