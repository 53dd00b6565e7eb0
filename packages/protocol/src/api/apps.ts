import { z } from 'zod';
import { LOGO_MAX, SCOPES } from '../scopes.ts';
import { grant } from './accounts.ts';
import { id, instant } from './common.ts';

/** Most callback addresses of one app. */
export const CALLBACKS_MAX = 10;
/** Longest callback address, in characters. */
export const CALLBACK_MAX = 300;

const appName = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .refine((name) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name), 'a name has no control characters');
/** Looked at more closely by the relay. */
const logo = z.string().max(LOGO_MAX).startsWith('data:image/');
const callbacks = z.array(z.string().min(1).max(CALLBACK_MAX)).max(CALLBACKS_MAX);

/** An app: an OAuth client that somebody registered. Its id is the `client_id`. */
export const app = z.object({
  id,
  name: z.string(),
  /** A small picture, as a data URL. */
  logo: z.string().optional(),
  callbacks: z.array(z.string()),
  /** It can keep a secret. */
  confidential: z.boolean(),
  createdAt: instant,
  secrets: z.array(z.object({ id, createdAt: instant, lastUsedAt: instant.optional() })),
});
export type App = z.infer<typeof app>;

/** `callbacks` may be empty: the app then uses device codes only. */
export const newApp = z.strictObject({
  name: appName,
  logo: logo.optional(),
  callbacks: callbacks.default([]),
  confidential: z.boolean(),
});
export type NewApp = z.input<typeof newApp>;
/** `logo: null` takes it away. */
export const appChange = z.strictObject({
  name: appName.optional(),
  logo: logo.nullable().optional(),
  callbacks: callbacks.optional(),
});
export type AppChange = z.input<typeof appChange>;

/** The secret itself is shown here and never again. */
export const madeAppSecret = z.object({ id, secret: z.string(), createdAt: instant });
export type MadeAppSecret = z.infer<typeof madeAppSecret>;
/** `secret`: of a confidential app; shown here and never again. */
export const madeApp = app.extend({ secret: z.string().optional() });
export type MadeApp = z.infer<typeof madeApp>;

/** An app as people meet it who did not register it. */
export const appFace = z.object({
  /** Its `client_id`. */
  id: z.string(),
  name: z.string(),
  logo: z.string().optional(),
  /** Account name of who registered it; absent: it is part of Porchlight. */
  owner: z.string().optional(),
});
export type AppFace = z.infer<typeof appFace>;

const scopes = z.array(z.enum(SCOPES)).max(SCOPES.length);
const namedDevice = z.object({ id, name: z.string(), services: z.array(z.string()).optional() });

/** What a person lets an app do; one for each time that it was allowed. */
export const appGrant = z.object({
  id,
  app: appFace,
  scopes,
  /** Absent: all devices. A device without `services` is meant whole. */
  devices: z.array(namedDevice).optional(),
  /** It may come back without asking. */
  lasting: z.boolean(),
  /** It may have the link button of a Hue bridge pressed without asking. */
  linkButton: z.boolean(),
  createdAt: instant,
  lastUsedAt: instant.optional(),
});
export type AppGrant = z.infer<typeof appGrant>;

/** What an app asks a person for. */
export const consentRequest = z.object({
  app: appFace,
  scopes,
  /** Absent: all devices. Empty: it named none that the person has. */
  devices: z.array(namedDevice).optional(),
  /** Devices and services that it named and the person does not have. */
  unknown: z.array(z.string()),
  /** It wants to know who the person is. */
  signIn: z.boolean(),
  /** It wants to come back without asking. */
  lasting: z.boolean(),
  /** By the Hue remote API: it uses one of the services in `devices`, which are the person's bridges. */
  hue: z.boolean(),
  /** Where the person is sent afterwards: an origin or a scheme; absent for a device code. */
  returnsTo: z.string().optional(),
  /** Of a device code: where the program that shows it asked from. */
  askedFrom: z.string().optional(),
});
export type ConsentRequest = z.infer<typeof consentRequest>;

/** A person's answer: no more than was asked for. `devices` absent: all that were. */
export const consentAnswer = z.discriminatedUnion('allow', [
  z.strictObject({ allow: z.literal(false) }),
  z.strictObject({
    allow: z.literal(true),
    scopes,
    devices: grant.shape.devices,
    /** Of a Hue bridge: its link button may be pressed for the app without asking. */
    linkButton: z.boolean().optional(),
  }),
]);
export type ConsentAnswer = z.input<typeof consentAnswer>;

/** Identifier of a request that a person is asked about, as in the address of the page that asks. */
export const consentParams = z.object({ id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) });
/** Where the browser goes on. */
export const consentDone = z.object({ location: z.string() });

/** The code that a program shows, with or without hyphen, in either case. */
export const userCodeParams = z.object({ code: z.string().regex(/^[A-Za-z]{4}[- ]?[A-Za-z]{4}$/) });

/** An app wants the link button of a Hue bridge pressed, so that it can register there. */
export const linkButtonRequest = z.object({
  id,
  /** Name of the app. */
  app: z.string(),
  device: z.object({ id, name: z.string() }),
  service: z.string(),
  /** Where it asked from. */
  address: z.string(),
  askedAt: instant,
  expiresAt: instant,
});
export type LinkButtonRequest = z.infer<typeof linkButtonRequest>;
