/**
 * What an agent and the relay say to each other beside the forwarded channels: JSON objects, one a line,
 * over one SSH session channel with the subsystem {@link CONTROL_SUBSYSTEM} (RFC 4254 §6.5).
 * Nothing in here can add a target or widen a rule on the device: the relay only answers and pings.
 */
import { z } from 'zod';
import { isLanOrigin } from './lan.ts';
import { isAccountName, isServiceName } from './names.ts';

export const CONTROL_SUBSYSTEM = 'porchlight-control';
/** Version of this message set. The relay refuses others with `denied`. */
export const CONTROL_VERSION = 1;
/** Longest control line, in bytes: 64 services with long names fit. */
export const CONTROL_LINE_MAX = 16 * 1024;
/** The agent pings this often. With {@link PING_DEADLINE_MS} it notices a half-open link within 30 s. */
export const PING_INTERVAL_MS = 20_000;
/** An answer later than this ends the link. */
export const PING_DEADLINE_MS = 8_000;
/** The relay ends the link of an agent that has been silent for so long. */
export const LINK_SILENCE_MAX_MS = 29_000;
/** Most services one device may announce. */
export const SERVICES_MAX = 64;

const serviceName = z.string().refine(isServiceName, 'not a service name');

/** What a service is: `rpc` is HTTP that travels as MQTT messages, and to visitors the same as `http`. */
export const serviceKind = z.enum(['http', 'tcp', 'rpc']);
export type ServiceKind = z.infer<typeof serviceKind>;

/** Is it opened by an address of its own, in a browser? */
export function isWebService({ kind }: { readonly kind: ServiceKind }): boolean {
  return kind !== 'tcp';
}

export const announcedService = z.strictObject({
  name: serviceName,
  kind: serviceKind.exclude(['rpc']),
  port: z
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe(
      'TCP port of the local server, by which people may ask for the service: `ssh -L 3000:router1:80`',
    ),
  lan: z
    .string()
    .refine(isLanOrigin, 'must be an http or https origin')
    .optional()
    .describe(
      "origin of the device's door on its LAN, where programs find the service; only if opened there",
    ),
});
/** As an agent announces it over SSH. */
export type LinkedService = z.infer<typeof announcedService>;
/** Over MQTT a device announces kind `rpc`, in a message of another form. */
export type AnnouncedService = Omit<LinkedService, 'kind'> & {
  readonly kind: ServiceKind;
};

const sequence = z.number().int().describe('counts up');

/** From agent to relay. */
export const agentMessage = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('hello'),
      version: z.number().int().describe(`version of this message set: ${CONTROL_VERSION}`),
      agent: z
        .string()
        .max(64)
        .regex(/^[\x20-\x7e]*$/)
        .describe('version of the agent program'),
      name: z.string().max(64).describe('proposed device name, used for an unknown key only'),
      account: z
        .string()
        .refine(isAccountName)
        .optional()
        .describe('the account that shall be asked, when the person named one'),
      token: z.string().max(128).optional().describe('an enrolment token'),
    })
    .describe('Who the device is. Once, first of all.'),
  z
    .strictObject({ type: z.literal('services'), services: z.array(announcedService).max(SERVICES_MAX) })
    .describe(
      'The services that are offered from now on; those not named are not any more. The forwards with the same bind addresses follow or are there already.',
    ),
  z
    .strictObject({
      type: z.literal('ping'),
      n: sequence,
      rtt: z
        .number()
        .nonnegative()
        .max(60_000)
        .optional()
        .describe('what the ping before this one took, in ms'),
    })
    .describe(`Every ${PING_INTERVAL_MS / 1000} s.`),
  z
    .strictObject({ type: z.literal('paused'), paused: z.boolean() })
    .describe('Whether somebody at the device has said that nobody gets in.'),
]);
export type AgentMessage = z.infer<typeof agentMessage>;

/** From relay to agent. */
export const relayMessage = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('welcome'),
      device: z.string().describe("the device's name at the relay"),
      domain: z.string().describe('domain of the relay'),
    })
    .describe('The key is known, or has just been allowed: forwards are accepted from now on.'),
  z
    .strictObject({
      type: z.literal('pending'),
      code: z.string().describe('what the person compares'),
      expires: z.number().describe('ms from now'),
      url: z.string().describe('where Allow can be pressed'),
    })
    .describe('The key is unknown; a person has to press Allow.'),
  z
    .strictObject({
      type: z.literal('denied'),
      reason: z.string(),
      hint: z.string(),
      retry: z.boolean().describe('false: trying again is pointless without a person'),
    })
    .describe('The relay ends the connection after this.'),
  z.strictObject({ type: z.literal('pong'), n: sequence }).describe('The answer to a ping, at once.'),
  z
    .strictObject({ type: z.literal('drain'), after: z.number().nonnegative().describe('ms') })
    .describe('The relay is going away: finish what is under way and come back after so long.'),
]);
export type RelayMessage = z.infer<typeof relayMessage>;

/** Bind port (RFC 4254 §7.1) that an agent asks for with the service's name as bind address. */
export const SERVICE_BIND_PORT = 80;
