/** What a base station is asked over the control socket, and how it is. */
import { instant } from '@porchlight/protocol/api';
import { z } from 'zod';

const id = z.string().min(1).max(64);

export const baseStationAsk = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('show') }),
  z.strictObject({ do: z.literal('allow'), id, name: z.string().min(1).max(64).optional() }),
  z.strictObject({ do: z.enum(['deny', 'forget', 'rotate', 'revoke']), id }),
  z.strictObject({
    do: z.literal('put-user'),
    name: z.string().max(64),
    access: z.enum(['read', 'write']),
    password: z.string().max(1024),
  }),
  z.strictObject({ do: z.literal('remove-user'), name: z.string().max(64) }),
  /** Tells devices where to ask, for so many minutes; 0: no longer. */
  z.strictObject({ do: z.literal('pair'), minutes: z.int().min(0).max(240) }),
]);
export type BaseStationAsk = z.infer<typeof baseStationAsk>;

const port = z.number().int().optional();

export const baseStationView = z.object({
  /** Ports that are open. */
  ports: z.object({ http: port, mqtt: port, mqtts: port }),
  baseTopic: z.string(),
  /** Whether devices with EmonESP's firmware are let in too. */
  emonesp: z.boolean(),
  /** SHA-256 of its lasting key, base64url, as mDNS says it. */
  fingerprint: z.string(),
  /** Devices are told where to ask: until then by somebody's wish, or because somebody looks. */
  pairing: z.object({ on: z.boolean(), until: instant.optional(), telling: z.boolean() }),
  discovery: z.object({
    /** `name.local` as it is now; absent: not published. */
    hostName: z.string().optional(),
    /** As it should be. */
    wanted: z.string(),
    addresses: z.array(z.string()),
    /** What of being found does not work here. */
    problems: z.array(z.string()),
    /** Others on the LAN that look like this base station. */
    notices: z.array(
      z.object({
        kind: z.string(),
        address: z.string(),
        message: z.string(),
        firstAt: instant,
        lastAt: instant,
        times: z.number().int(),
      }),
    ),
  }),
  requests: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      way: z.enum(['porchlight', 'emonesp']),
      address: z.string(),
      mac: z.string().optional(),
      code: z.string().optional(),
      firstAskedAt: instant,
      askedAt: instant,
      times: z.number().int(),
      state: z.enum(['waiting', 'allowed']),
    }),
  ),
  denied: z.array(z.object({ id: z.string(), name: z.string(), address: z.string(), deniedAt: instant })),
  devices: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      way: z.enum(['porchlight', 'emonesp']),
      address: z.string(),
      mac: z.string().optional(),
      username: z.string(),
      /** Absent until its first message. */
      node: z.string().optional(),
      allowedAt: instant,
      revokedAt: instant.optional(),
      /** When it sent something last, since the start. */
      lastAt: instant.optional(),
      silent: z.boolean(),
      connected: z.boolean(),
      /** Where the same credentials are in use at the same time; empty: all is well. */
      doubles: z.array(z.string()),
    }),
  ),
  users: z.array(z.object({ name: z.string(), access: z.enum(['read', 'write']), addedAt: instant })),
  inputs: z.array(
    z.object({
      topic: z.string(),
      /** Id of the device that publishes it. */
      device: z.string().optional(),
      value: z.string(),
      at: instant,
      /** Usual time between two messages, in ms. */
      interval: z.number().optional(),
      silent: z.boolean(),
    }),
  ),
});
export type BaseStationView = z.infer<typeof baseStationView>;

export const baseStationAnswer = z.object({
  view: baseStationView,
  /** Of `rotate`: told once. */
  credentials: z.object({ username: z.string(), password: z.string() }).optional(),
});
export type BaseStationAnswer = z.infer<typeof baseStationAnswer>;
