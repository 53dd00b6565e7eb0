/**
 * What a base station and the relay say to each other: JSON objects, one a line, over an SSH session channel of their own
 * beside the control channel. A relay that does not know the subsystem refuses it (RFC 4254 §6.5), and the base station
 * works on without; so neither end has to know the other's version first. The relay carries a person's answer; whether
 * it is obeyed the device decides.
 */
import { z } from 'zod';

export const BASE_STATION_SUBSYSTEM = 'porchlight-base-station';
/** Longest line, in bytes: {@link LAN_DEVICES_MAX} devices with long names fit. */
export const BASE_STATION_LINE_MAX = 128 * 1024;
/** Requests that one message lists; more could not be read anyway, and are counted. */
export const LAN_REQUESTS_MAX = 50;
/** Devices that one message lists. */
export const LAN_DEVICES_MAX = 200;
/** Values that one message passes on: as many as the relay keeps of a device. */
export const PASSED_READINGS_MAX = 64;
/** Inputs that one answer lists, and points of each: with these the longest answer fits a line. */
export const LAN_INPUTS_MAX = 100;
export const LAN_INPUT_POINTS_MAX = 24;
/** A base station sends each list this often at most, and the relay ends one that goes on sending more. */
export const BASE_STATION_PACE_MS = 1_000;

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const instant = z.number().int().nonnegative().describe('ms since 1970, by the clock of the base station');
const name = z.string().max(64);
const address = z.string().max(64);
const mac = z.string().max(32).optional().describe('hardware address, where the system knows it');
export const lanWay = z.enum(['porchlight', 'emonesp']);

/** A WiFi device that asks a base station to be let in. */
export const lanRequest = z.strictObject({
  id,
  way: lanWay.describe('how it asks; the way of EmonESP travels in clear on the LAN'),
  name: name.describe('what it wants to be called'),
  address,
  mac,
  code: z
    .string()
    .max(16)
    .optional()
    .describe('what device and base station both show, for a person to compare; `porchlight` only'),
  firstAskedAt: instant,
  askedAt: instant,
  times: z.number().int().nonnegative().describe('how often it has asked'),
  state: z.enum(['waiting', 'allowed']).describe('`allowed`: it has yet to fetch what it was given'),
});
export type LanRequest = z.infer<typeof lanRequest>;

/** A WiFi device that a base station has let in. */
export const lanDevice = z.strictObject({
  id,
  name,
  way: lanWay,
  address,
  mac,
  node: z.string().max(64).optional().describe('the level of topics that is its own'),
  allowedAt: instant,
  lastSeenAt: instant.optional().describe('when it last sent something; absent: not since the start'),
  silent: z.boolean().describe('it has sent nothing for longer than is usual for it'),
});
export type LanDevice = z.infer<typeof lanDevice>;

/** What comes in under one topic. */
export const lanInput = z.strictObject({
  topic: z.string().max(256),
  device: name.optional().describe('of the WiFi device that publishes it; absent: a program'),
  value: z.string().max(80).describe('the last one'),
  at: instant,
  silent: z.boolean().describe('nothing has come for longer than is usual'),
  history: z
    .array(z.tuple([instant, z.number()]))
    .max(LAN_INPUT_POINTS_MAX)
    .describe('its numbers with their times, oldest first'),
});
export type LanInput = z.infer<typeof lanInput>;

/** Why a base station does not do what it was asked to. */
export const lanRefusal = z.enum(['gone', 'code', 'off', 'paused', 'name', 'failed']);
export type LanRefusal = z.infer<typeof lanRefusal>;

const number = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

/** From base station to relay. */
export const baseStationMessage = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('lan-requests'),
      remoteAllow: z.boolean().describe('false: only somebody at the device may answer'),
      requests: z.array(lanRequest).max(LAN_REQUESTS_MAX),
      more: number.describe('requests that wait beside those listed'),
    })
    .describe('Who asks to be let in now. First of all, and at each change.'),
  z
    .strictObject({
      type: z.literal('lan-devices'),
      devices: z.array(lanDevice).max(LAN_DEVICES_MAX),
      more: number.describe('devices beside those listed'),
    })
    .describe('Who was let in. First of all, and at each change.'),
  z
    .strictObject({
      type: z.literal('lan-answered'),
      n: number,
      ok: z.boolean(),
      refusal: lanRefusal.optional(),
      reason: z.string().max(300).optional().describe('in words, when it was not done'),
    })
    .describe('The outcome of the `lan-answer` with that number.'),
  z
    .strictObject({
      type: z.literal('inputs'),
      n: number,
      inputs: z.array(lanInput).max(LAN_INPUTS_MAX),
      more: number.describe('inputs beside those listed'),
    })
    .describe('The answer to the `inputs-ask` with that number.'),
  z
    .strictObject({
      type: z.literal('readings'),
      values: z
        .array(z.strictObject({ name, value: z.string().max(200) }))
        .min(1)
        .max(PASSED_READINGS_MAX),
    })
    .describe("Values of its devices, kept as the base station's own readings; only if switched on there."),
]);
export type BaseStationMessage = z.infer<typeof baseStationMessage>;

/** From relay to base station. */
export const baseStationRequest = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('lan-answer'),
      n: number.describe('counts up'),
      id: id.describe('of the request'),
      answer: z.enum(['allow', 'deny']),
      by: z.string().max(64).describe('the person, by the name of their account; it owns the device'),
      name: name.optional().describe('what the person calls it'),
      code: z.string().max(16).optional().describe('what the person compared'),
    })
    .describe('A person answers a request. The device may refuse.'),
  z
    .strictObject({ type: z.literal('inputs-ask'), n: number.describe('counts up') })
    .describe('A person looks at what its devices say.'),
]);
export type BaseStationRequest = z.infer<typeof baseStationRequest>;
