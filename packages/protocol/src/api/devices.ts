import { z } from 'zod';
import { serviceKind } from '../control.ts';
import { isDeviceName, isServiceName } from '../names.ts';
import { id, instant } from './common.ts';
import { madeMqttCredential } from './mqtt.ts';

/** Who may open a service: `login` the owner's session, `basic` a password, `token` an access token, `public` anyone. */
export const accessMode = z.enum(['login', 'basic', 'token', 'public']);
export type AccessMode = z.infer<typeof accessMode>;

export const deviceName = z
  .string()
  .trim()
  .toLowerCase()
  .refine(isDeviceName, 'a device name is one DNS label: 1 to 32 letters, digits and inner hyphens, no "--"');
export const serviceName = z.string().refine(isServiceName, 'not a service name');
export const tag = z
  .string()
  .trim()
  .min(1)
  .max(40)
  .regex(/^[^\s,]+$/, 'a tag has no spaces or commas');
export const tags = z.array(tag).max(20);

export const service = z.object({
  name: z.string(),
  kind: serviceKind,
  /** A person has set the kind; else it is what the device says, or what trying has found. */
  kindSet: z.boolean(),
  /** TCP port of the local server, as far as the present link has told it. */
  port: z.number().int().optional(),
  access: accessMode,
  /** User names of mode `basic`. Their passwords are never shown. */
  basicUsers: z.array(z.string()),
  /** Announced by the device over its present link, or over its last one. */
  offered: z.boolean(),
  /** TLS for its host name ends on the device; `tcp` services only. */
  passthrough: z.boolean(),
  /** Its last answers to the console's own pages are kept in the relay's memory, for when it cannot be asked. */
  keepLastAnswers: z.boolean(),
  /** It is a Hue bridge that apps may use by the Hue remote API, each with its owner's consent. */
  hueRemote: z.boolean(),
  /** Where people open it; `http` services, and those with `passthrough`. */
  url: z.string().optional(),
  /** Where programs on the device's own LAN find it: the door asks nothing and proves that it is the device. */
  lan: z.object({ door: z.string() }).optional(),
  /** Paths that it is published under, in order of prefix. */
  paths: z.array(z.object({ id, prefix: z.string(), strip: z.boolean(), url: z.string() })),
  /** Last time an answer of the service itself came through, and last time it did not. */
  lastSuccessAt: instant.optional(),
  lastFailureAt: instant.optional(),
  lastFailure: z.string().optional(),
});
export type Service = z.infer<typeof service>;

/** The link of a device, as measured. */
export const linkState = z.object({
  up: z.boolean(),
  /** Since when it is up or down; absent: never seen. */
  since: instant.optional(),
  /** Why the last link ended. */
  reason: z.string().optional(),
  /** Last round trip through the data path, in ms, and when it was taken. */
  rtt: z.number().optional(),
  rttAt: instant.optional(),
  /** Remote address of the present or last link. */
  address: z.string().optional(),
  /** How the device got through: the SSH port, the HTTPS port, a WebSocket, or as an MQTT client. */
  transport: z.enum(['ssh', 'https', 'websocket', 'mqtt']).optional(),
  agent: z.string().optional(),
  paused: z.boolean(),
  /** How a device that connects now and then, and leaves again, is doing. It is up as long as it calls in time. */
  callHome: z
    .object({
      /** Time between two calls, as a person has set it or as it was learned. */
      intervalSeconds: z.number(),
      learned: z.boolean(),
      lastAt: instant,
      /** When the next call is expected. */
      dueAt: instant,
      /** What its calls of the last hour cost on the wire, both ways together. */
      bytesLastHour: z.number(),
      /** Requests that it gets with its next call. */
      waiting: z.number().int(),
    })
    .optional(),
});
export type LinkState = z.infer<typeof linkState>;

export const device = z.object({
  id,
  name: z.string(),
  /** Former names whose links still lead here. */
  formerNames: z.array(z.string()),
  tags,
  /** Of its SSH key; absent: it has none, and speaks only MQTT. */
  fingerprint: z.string().optional(),
  createdAt: instant,
  link: linkState,
  /** Its key is kept out. */
  blocked: z.boolean(),
  /** Time between two calls home as a person has set it; absent: it is learned. */
  callIntervalSeconds: z.number().int().optional(),
  services: z.array(service),
  /** Bytes of all its channels since it joined: from the device, to the device. */
  bytesIn: z.number(),
  bytesOut: z.number(),
});
export type Device = z.infer<typeof device>;

export const deviceQuery = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** Part of a name or tag. */
  search: z.string().max(100).optional(),
  tag: tag.optional(),
});

export const deviceChange = z.strictObject({
  name: deviceName.optional(),
  tags: tags.optional(),
  /** True ends the link and keeps the key out. */
  blocked: z.boolean().optional(),
  /** Expected time between two calls home; null: as learned. */
  callIntervalSeconds: z.number().int().min(10).max(86_400).nullable().optional(),
});
export type DeviceChange = z.input<typeof deviceChange>;

/** A device that is let in before it has ever connected: by its public key, or by an MQTT credential made for it. */
export const newDevice = z
  .strictObject({
    name: deviceName,
    /** One line as in a `.pub` file or in authorized_keys. */
    publicKey: z.string().min(1).max(16_384).optional(),
    /** It has no key and speaks only MQTT: a credential is made for it. */
    mqtt: z.boolean().default(false),
    tags: tags.default([]),
  })
  .refine(({ publicKey, mqtt }) => (publicKey !== undefined) !== mqtt, {
    message: 'give the public key of the device, or "mqtt": true for one that speaks only MQTT',
    path: ['publicKey'],
  });
export type NewDevice = z.input<typeof newDevice>;

/** `mqtt`: what it signs in with, shown here and never again. */
export const enrolledDevice = device.extend({ mqtt: madeMqttCredential.optional() });
export type EnrolledDevice = z.infer<typeof enrolledDevice>;

/**
 * `basicUser` and `basicPassword`, together, add a user of mode `basic` or change the password of the one there is; the
 * mode needs at least one.
 */
export const serviceChange = z.strictObject({
  access: accessMode.optional(),
  /** `auto`: as the device says, or as trying finds. */
  kind: z.union([serviceKind.exclude(['rpc']), z.literal('auto')]).optional(),
  /** `tcp` services only: TLS for the host name is passed on as it comes, and access is the device's own affair. */
  passthrough: z.boolean().optional(),
  /** Off: what was kept is forgotten at once. */
  keepLastAnswers: z.boolean().optional(),
  hueRemote: z.boolean().optional(),
  basicUser: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[^:\p{Cc}]+$/u)
    .optional(),
  basicPassword: z.string().min(8).max(200).optional(),
});
export type ServiceChange = z.input<typeof serviceChange>;

/** Name of a user of mode `basic` (RFC 7617: no colon). */
export const basicUserName = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^:\p{Cc}]+$/u);
export const basicUserParams = z.object({ id, service: serviceName, name: basicUserName });
/** A new user of mode `basic`, or a new password for the one with that name. */
export const basicUserPassword = z.strictObject({ password: z.string().min(8).max(200) });

/** One probe through the data path, made now. */
export const probeResult = z.object({
  ok: z.boolean(),
  /** ms until the service's end answered. */
  took: z.number(),
  error: z.string().optional(),
});
export type ProbeResult = z.infer<typeof probeResult>;

export const healthQuery = z.strictObject({ span: z.enum(['24h', '30d']).default('24h') });
export const health = z.object({
  from: instant,
  to: instant,
  /** Share of the span (or of the time since the device's first link) in which the link was up, 0 to 1. */
  uptime: z.number().min(0).max(1),
  /** Periods in order, without gaps; `unknown`: the relay itself was not running. */
  periods: z.array(z.object({ from: instant, to: instant, state: z.enum(['up', 'down', 'unknown']) })),
  /** One sample for each interval in which the link was up: mean round trip in ms, bytes of its channels. */
  samples: z.array(
    z.object({ at: instant, rtt: z.number().optional(), bytesIn: z.number(), bytesOut: z.number() }),
  ),
});
export type Health = z.infer<typeof health>;

/** What a device reports of itself, by `ssh … beat`: last values, and the means of numbers. */
export const readings = z.object({
  from: instant,
  to: instant,
  /** In order of name. */
  readings: z.array(
    z.object({
      name: z.string(),
      value: z.string(),
      at: instant,
      /** One for each interval in which a number was reported; empty for what is none. */
      samples: z.array(z.object({ at: instant, mean: z.number() })),
    }),
  ),
});
export type Readings = z.infer<typeof readings>;
