/**
 * What an agent and the relay say to each other beside the forwarded channels: JSON objects, one a line,
 * over one SSH session channel with the subsystem {@link CONTROL_SUBSYSTEM} (RFC 4254 §6.5).
 * Nothing in here can add a target or widen a rule on the device: the relay only answers and pings.
 */
import { z } from 'zod';
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

/** The kinds of service a device offers over an `ssh` link. */
export const serviceKind = z.enum(['http', 'tcp']);
export type ServiceKind = z.infer<typeof serviceKind>;

export const announcedService = z.strictObject({ name: serviceName, kind: serviceKind });
export type AnnouncedService = z.infer<typeof announcedService>;

/** From agent to relay. */
export const agentMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    version: z.number().int(),
    /** Version of the agent program. */
    agent: z
      .string()
      .max(64)
      .regex(/^[\x20-\x7e]*$/),
    /** Proposed device name, used for an unknown key only. */
    name: z.string().max(64),
    /** The account that shall be asked, when the person named one. */
    account: z.string().refine(isAccountName).optional(),
    /** An enrolment token. */
    token: z.string().max(128).optional(),
  }),
  /** The services now offered; forwards with the same bind addresses follow or are there already. */
  z.strictObject({ type: z.literal('services'), services: z.array(announcedService).max(SERVICES_MAX) }),
  /** `rtt`: what the ping before this one took, in ms. */
  z.strictObject({ type: z.literal('ping'), n: z.number().int(), rtt: z.number().nonnegative().optional() }),
  z.strictObject({ type: z.literal('paused'), paused: z.boolean() }),
]);
export type AgentMessage = z.infer<typeof agentMessage>;

/** From relay to agent. */
export const relayMessage = z.discriminatedUnion('type', [
  /** The key is known (or has just been allowed): forwards are accepted from now on. */
  z.strictObject({ type: z.literal('welcome'), device: z.string(), domain: z.string() }),
  /** The key is unknown; a person has to press Allow. `expires` is in ms from now. */
  z.strictObject({ type: z.literal('pending'), code: z.string(), expires: z.number(), url: z.string() }),
  /** The relay ends the connection after this. `retry` false: trying again is pointless without a person. */
  z.strictObject({ type: z.literal('denied'), reason: z.string(), hint: z.string(), retry: z.boolean() }),
  z.strictObject({ type: z.literal('pong'), n: z.number().int() }),
  /** The relay is going away: come back after `after` ms. */
  z.strictObject({ type: z.literal('drain'), after: z.number().nonnegative() }),
]);
export type RelayMessage = z.infer<typeof relayMessage>;

/** Bind port (RFC 4254 §7.1) that an agent asks for with the service's name as bind address. */
export const SERVICE_BIND_PORT = 80;
