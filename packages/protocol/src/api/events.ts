import { z } from 'zod';
import { id } from './common.ts';
import { device } from './devices.ts';
import { joinRequest } from './enrolment.ts';

/** Live events at `/api/events` (server-sent events, one JSON object each). An account gets its own only. */
export const liveEvent = z.discriminatedUnion('type', [
  /** The device as it is now: after joining, a change, a link going up or down, a new round trip. */
  z.object({ type: z.literal('device'), device }),
  z.object({ type: z.literal('device-removed'), id }),
  z.object({ type: z.literal('join-request'), request: joinRequest }),
  z.object({
    type: z.literal('join-request-ended'),
    id,
    outcome: z.enum(['allowed', 'denied', 'expired', 'withdrawn']),
  }),
]);
export type LiveEvent = z.infer<typeof liveEvent>;
