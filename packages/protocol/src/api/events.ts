import { z } from 'zod';
import { linkButtonRequest } from './apps.ts';
import { lanRequest } from './base-stations.ts';
import { id } from './common.ts';
import { device } from './devices.ts';
import { joinRequest } from './enrolment.ts';
import { forward } from './forwards.ts';

/** Live events at `/api/events` (server-sent events, one JSON object each). An account gets its own only. */
export const liveEvent = z.discriminatedUnion('type', [
  /** The device as it is now: after joining, a change, a link going up or down, a new round trip. */
  z.object({ type: z.literal('device'), device }),
  z.object({ type: z.literal('device-removed'), id }),
  /** The device has reported something of itself: ask for its readings. */
  z.object({ type: z.literal('readings'), id }),
  /** The forward as it is now: asked for, picked up by its device, waiting again, used. */
  z.object({ type: z.literal('forward'), forward }),
  z.object({ type: z.literal('forward-ended'), id, deviceId: id, reason: z.string() }),
  z.object({ type: z.literal('join-request'), request: joinRequest }),
  z.object({
    type: z.literal('join-request-ended'),
    id,
    outcome: z.enum(['allowed', 'denied', 'expired', 'withdrawn']),
  }),
  z.object({ type: z.literal('link-button'), request: linkButtonRequest }),
  z.object({
    type: z.literal('link-button-ended'),
    id,
    outcome: z.enum(['allowed', 'denied', 'expired']),
  }),
  /** Who asks a base station to be let in, as it is now; none when its link has gone. */
  z.object({ type: z.literal('lan-requests'), deviceId: id, requests: z.array(lanRequest) }),
  /** The WiFi devices of a base station have changed: ask for them. */
  z.object({ type: z.literal('lan-devices'), deviceId: id }),
]);
export type LiveEvent = z.infer<typeof liveEvent>;
