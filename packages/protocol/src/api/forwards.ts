import { z } from 'zod';
import { isServiceName } from '../names.ts';
import { id, instant } from './common.ts';

const tcpPort = z.number().int().min(1).max(65_535);

/** A TCP port on the relay that leads to a port or service of a device, and ends by itself. */
export const forward = z.object({
  id,
  deviceId: id,
  deviceName: z.string(),
  /** What was asked for: one of these two. */
  service: z.string().optional(),
  devicePort: tcpPort.optional(),
  state: z.enum(['waiting', 'open']).describe('"waiting": until the device, or what is asked for, is there'),
  /** Since when it is in this state. */
  since: instant,
  /** What is waited for. Only while it waits. */
  waiting: z
    .object({
      reason: z.string().describe('a sentence for people'),
      dueAt: instant
        .optional()
        .describe('when the next call of a device that calls home is expected; none: it stays connected'),
      intervalSeconds: z.number().optional().describe('how often it calls'),
      read: z.boolean().describe('the device has read the request and is about to connect'),
    })
    .optional(),
  /** Where people connect: name or address of the relay, and port. */
  host: z.string(),
  port: tcpPort,
  address: z
    .string()
    .describe('what to use: `ssh -p 30022 root@relay.example`, `http://relay.example:30080/`, or host:port'),
  bind: z.string().describe('the address that it listens on; "*": all'),
  allow: z
    .array(z.string())
    .describe('address blocks that may connect; empty: everybody who reaches the port'),
  /** Account, and how it came in. */
  createdBy: z.string(),
  createdAt: instant,
  expiresAt: instant,
  connections: z.number().int().describe('open now'),
  connectionsTotal: z.number().int(),
  refused: z.number().int().describe('turned away: from elsewhere than allowed, or too many at once'),
  bytesIn: z.number().describe('from the device'),
  bytesOut: z.number().describe('to the device'),
  /** Why the last connection that failed did. */
  lastFailure: z.string().optional(),
});
export type Forward = z.infer<typeof forward>;

export const newForward = z
  .strictObject({
    service: z.string().refine(isServiceName, 'not a service name').optional(),
    /** TCP port on the device. */
    port: tcpPort.optional(),
    relayPort: tcpPort.optional().describe('port on the relay; none: any of its range'),
    minutes: z
      .number()
      .int()
      .min(1)
      .max(14 * 24 * 60)
      .optional()
      .describe('how long it lives; connections that are open then are ended. 60, or the longest there is'),
    bind: z
      .string()
      .max(45)
      .optional()
      .describe("address to listen on, if the relay's configuration allows it"),
    allow: z
      .array(z.string().max(49))
      .max(32)
      .optional()
      .describe('addresses or blocks, such as 203.0.113.0/24, that may connect; none: everybody'),
  })
  .refine(({ service, port }) => (service === undefined) !== (port === undefined), {
    message: 'give either a service or a port',
  });
export type NewForward = z.input<typeof newForward>;

/** What may be asked of forwards. */
export const forwardOptions = z.object({
  maxMinutes: z.number().int(),
  /** Ports that may be wished; absent: any from 1024. */
  ports: z.object({ from: tcpPort, to: tcpPort }).optional(),
  /** Addresses that may be asked for; the first is the one taken when none is. "*": all. */
  binds: z.array(z.string()),
});
export type ForwardOptions = z.infer<typeof forwardOptions>;
