import { z } from 'zod';
import { isAccountName, isServiceName } from '../names.ts';
import { GRANT_DEVICES_MAX, GRANT_SERVICES_MAX, SCOPES } from '../scopes.ts';
import { id, instant } from './common.ts';

export const role = z.enum(['admin', 'member']);
export type Role = z.infer<typeof role>;

export const accountName = z
  .string()
  .trim()
  .toLowerCase()
  .refine(isAccountName, 'an account name has 1 to 32 letters, digits, dots, hyphens or underscores');
/** 10 to 200 characters; no other rule (NIST SP 800-63B §3.1.1.2). */
export const password = z.string().min(10, 'a password has at least 10 characters').max(200);

export const account = z.object({ id, name: z.string(), role, createdAt: instant });
export type Account = z.infer<typeof account>;

export const newAccount = z.strictObject({ name: accountName, password, role: role.default('member') });
export type NewAccount = z.input<typeof newAccount>;

/** `password`: a new one, for somebody who has forgotten theirs; it ends their sessions. */
export const accountChange = z.strictObject({ role: role.optional(), password: password.optional() });
export type AccountChange = z.infer<typeof accountChange>;

/** Is there an account already? `open`: nobody has one yet, the one-time link makes the first. */
export const setupState = z.object({ open: z.boolean() });
/** Makes the first account (an admin) and signs it in. `token` is from the one-time link. */
export const setup = z.strictObject({ token: z.string().max(128), name: accountName, password });
export type Setup = z.input<typeof setup>;

export const signIn = z.strictObject({ name: z.string().max(200), password: z.string().max(200) });
/** Signs in with the one-time link that `npm start` prints. */
export const signInByLink = z.strictObject({ token: z.string().max(128) });
export const passwordChange = z.strictObject({ current: z.string().max(200), next: password });

export const session = z.object({
  id,
  current: z.boolean(),
  createdAt: instant,
  lastSeenAt: instant,
  expiresAt: instant,
  address: z.string(),
  userAgent: z.string(),
});
export type Session = z.infer<typeof session>;

/** What a program may do; `devices` absent: at all devices, and for the account itself. */
export const grant = z.strictObject({
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  devices: z
    .array(
      z.strictObject({
        id,
        /** Absent: the whole device. */
        services: z
          .array(z.string().refine(isServiceName, 'not a service name'))
          .min(1)
          .max(GRANT_SERVICES_MAX)
          .optional(),
      }),
    )
    .min(1)
    .max(GRANT_DEVICES_MAX)
    .optional(),
});
export type Grant = z.infer<typeof grant>;

/** A personal access token: for programs; acts as the account at the API and at services in mode `token` or `login`. */
export const accessToken = z.object({
  id,
  name: z.string(),
  /** Absent: everything that is not done in a browser only. */
  grant: grant.optional(),
  createdAt: instant,
  expiresAt: instant.optional(),
  lastUsedAt: instant.optional(),
});
export type AccessToken = z.infer<typeof accessToken>;
export const newAccessToken = z.strictObject({
  name: z.string().trim().min(1).max(100),
  /** Days until it ends; absent: never. */
  days: z.number().int().min(1).max(3650).optional(),
  /** Absent: everything that is not done in a browser only. */
  grant: grant.optional(),
});
export type NewAccessToken = z.input<typeof newAccessToken>;
/** The token itself is shown here and never again. */
export const madeAccessToken = accessToken.extend({ token: z.string() });
export type MadeAccessToken = z.infer<typeof madeAccessToken>;
