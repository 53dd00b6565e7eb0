/**
 * What the CLI and a running agent say to each other over the control socket: one JSON object a line, one reply for each
 * request, in order. Whoever may open the socket is the agent's own user or root, so there are no further credentials.
 */
import { serviceKind } from '@porchlight/protocol';
import { instant } from '@porchlight/protocol/api';
import { z } from 'zod';
import {
  type BaseStationAnswer,
  type BaseStationAsk,
  baseStationAnswer,
  baseStationAsk,
} from './base-station-messages.ts';

/** Name of the socket in the data folder. */
export const CONTROL_SOCKET = 'agent.sock';
/** Longest request line, in bytes. */
export const REQUEST_LINE_MAX = 4 * 1024;
/** Longest reply line, in bytes: a base station with 500 devices and 1 000 inputs fits. */
export const REPLY_LINE_MAX = 1024 * 1024;

export const controlRequest = z.discriminatedUnion('command', [
  z.strictObject({ command: z.enum(['status', 'pause', 'resume', 'reload']) }),
  z.strictObject({ command: z.literal('base-station'), ask: baseStationAsk }),
]);
export type ControlRequest = z.infer<typeof controlRequest>;
export type ControlCommand = z.infer<typeof controlRequest>['command'];

const transport = z.enum(['ssh', 'https', 'websocket', 'mqtt']);

/** How the agent stands with its relay. */
export const linkStatus = z.discriminatedUnion('state', [
  z.object({ state: z.literal('connecting'), since: instant, transport: transport.optional() }),
  /** A person has to press Allow. */
  z.object({
    state: z.literal('pending'),
    since: instant,
    code: z.string(),
    url: z.string(),
    expiresAt: instant,
  }),
  /** `rtt`: last round trip through the data path, in ms. */
  z.object({ state: z.literal('up'), since: instant, transport, rtt: z.number().optional() }),
  z.object({ state: z.literal('waiting'), since: instant, retryAt: instant, reason: z.string() }),
  /** Trying again is pointless without a person. */
  z.object({ state: z.literal('denied'), since: instant, reason: z.string(), hint: z.string() }),
  z.object({ state: z.literal('stopped'), since: instant }),
]);
export type LinkStatus = z.infer<typeof linkStatus>;

const policyStatus = z.object({
  state: z.enum(['in_force', 'last_good', 'closed']),
  since: instant,
  errors: z.array(z.string()).readonly(),
  warnings: z.array(z.string()).readonly(),
});

const port = z.number().int().optional();
const baseStationStatus = z.object({
  /** Ports that are open. */
  ports: z.object({ http: port, mqtt: port, mqtts: port }),
  /** Why it is not open. */
  problem: z.string().optional(),
  /** Requests that wait for a person. */
  waiting: z.number().int(),
  devices: z.number().int(),
});

export const agentStatus = z.object({
  version: z.string(),
  pid: z.number().int(),
  startedAt: instant,
  /** The device's name, as the relay knows it or as it is proposed. */
  name: z.string(),
  /** Domain of the relay. */
  relay: z.string(),
  link: linkStatus,
  paused: z.boolean(),
  policy: policyStatus,
  /** Why `agent.yaml` as it is now is not in force; the last good one is. */
  configError: z.string().optional(),
  services: z.array(z.object({ name: z.string(), kind: serviceKind, target: z.string() })).readonly(),
  /** Absent: it is no base station. */
  baseStation: baseStationStatus.optional(),
});
export type AgentStatus = z.infer<typeof agentStatus>;

export const reloadResult = z.object({
  policy: policyStatus,
  /** Names of the services that are offered now. */
  services: z.array(z.string()).readonly(),
});
export type ReloadResult = z.infer<typeof reloadResult>;

const pauseResult = z.object({ paused: z.boolean() });

/** The shape of each command's result. */
export const RESULTS = {
  status: agentStatus,
  pause: pauseResult,
  resume: pauseResult,
  reload: reloadResult,
  'base-station': baseStationAnswer,
} as const satisfies Record<ControlCommand, z.ZodType>;

/** `error` is one line for people: cause and mend. */
export const controlReply = z.union([
  z.strictObject({ ok: z.literal(true), result: z.unknown() }),
  z.strictObject({ ok: z.literal(false), error: z.string() }),
]);
export type ControlReply = z.infer<typeof controlReply>;

/** What a running agent does for each command. A thrown `ConfigError` becomes the reply's `error`. */
export type ControlHandlers = {
  readonly [Command in Exclude<ControlCommand, 'base-station'>]: () => Promise<
    z.infer<(typeof RESULTS)[Command]>
  >;
} & { readonly 'base-station': (ask: BaseStationAsk) => Promise<BaseStationAnswer> };
