import { z } from 'zod';
import { id, instant, problem } from './common.ts';
import { serviceName } from './devices.ts';

/** Points of one answer: what emoncms itself gives at most is below. */
export const EMONCMS_POINTS_MAX = 20_000;

/** Stands in each answer. */
const answered = {
  /** When the home gave the answer. */
  at: instant,
  /** Why there is no newer one: this is the last answer that was kept. */
  failure: problem.optional(),
};

/** A feed of an emoncms at home, as `feed/list.json` gives it, in one form whatever its version. */
export const emoncmsFeed = z.object({
  id: z.number().int(),
  name: z.string(),
  /** What emoncms groups its feeds by. */
  tag: z.string(),
  /** 5 PHPFINA (fixed interval), 2 PHPTIMESERIES, others as emoncms numbers them. */
  engine: z.number().int().optional(),
  /** Bytes on its disk. */
  size: z.number().optional(),
  unit: z.string(),
  /** Last value; null: none yet. */
  value: z.number().nullable(),
  /** When it was measured. */
  valueAt: instant.nullable(),
});
export type EmoncmsFeed = z.infer<typeof emoncmsFeed>;

export const emoncmsFeeds = z.object({ ...answered, feeds: z.array(emoncmsFeed) });
export type EmoncmsFeeds = z.infer<typeof emoncmsFeeds>;

export const emoncmsInput = z.object({
  id: z.number().int(),
  node: z.string(),
  name: z.string(),
  description: z.string(),
  /** Steps that emoncms takes with each value. */
  processes: z.number().int(),
  value: z.number().nullable(),
  valueAt: instant.nullable(),
});
export type EmoncmsInput = z.infer<typeof emoncmsInput>;

export const emoncmsInputs = z.object({ ...answered, inputs: z.array(emoncmsInput) });
export type EmoncmsInputs = z.infer<typeof emoncmsInputs>;

/** Values of one feed, in order of time. */
export const emoncmsData = z.object({
  ...answered,
  /** What was asked for. */
  start: instant,
  end: instant,
  /** ms since 1970, one for each value. */
  times: z.array(z.number()),
  /** null: nothing was measured. */
  values: z.array(z.number().nullable()),
});
export type EmoncmsData = z.infer<typeof emoncmsData>;

export const emoncmsMeta = z.object({
  ...answered,
  /** First point. */
  start: instant,
  /** Seconds between points; absent: as they come. */
  interval: z.number().optional(),
  points: z.number().int().optional(),
});
export type EmoncmsMeta = z.infer<typeof emoncmsMeta>;

export const emoncmsParams = z.object({ id, service: serviceName });
export const emoncmsFeedParams = emoncmsParams.extend({
  feed: z.coerce.number().int().min(1).max(2_147_483_647),
});

/** A span of at most 50 years, in ms, and seconds between points. */
export const emoncmsDataQuery = z
  .strictObject({
    start: z.coerce.number().int().min(0).max(4_102_444_800_000),
    end: z.coerce.number().int().min(0).max(4_102_444_800_000),
    interval: z.coerce.number().int().min(1).max(31_536_000),
  })
  .refine(({ start, end }) => end > start, 'end must be after start')
  .refine(
    ({ start, end, interval }) => (end - start) / 1000 / interval <= EMONCMS_POINTS_MAX,
    `that is more than ${EMONCMS_POINTS_MAX} points: take a longer interval or a shorter span`,
  );
