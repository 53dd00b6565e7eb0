import { z } from 'zod';
import { isPathPrefix } from '../path-prefix.ts';
import { id, instant } from './common.ts';
import { serviceName } from './devices.ts';

export const pathPrefix = z
  .string()
  .max(300)
  .refine(
    isPathPrefix,
    'a prefix is a slash and one to four segments of letters, digits and . _ ~ -, without a slash at the end',
  );

/** A service that is published under a path. */
export const pathRoute = z.object({
  id,
  deviceId: id,
  service: z.string(),
  /** E.g. `/zumi01`; the first segment belongs to the account. */
  prefix: z.string(),
  /** True: the device gets the path without the prefix, and its answers are rewritten to stand below it. */
  strip: z.boolean(),
  /** Where people open it. */
  url: z.string(),
  createdAt: instant,
});
export type PathRoute = z.infer<typeof pathRoute>;

export const newPathRoute = z.strictObject({
  service: serviceName,
  prefix: pathPrefix,
  strip: z.boolean().default(false),
});
export type NewPathRoute = z.input<typeof newPathRoute>;

export const pathRouteChange = z.strictObject({ strip: z.boolean() });
export type PathRouteChange = z.input<typeof pathRouteChange>;

/** A prefix that is only wished for. */
export const pathWish = z.strictObject({ prefix: pathPrefix, strip: z.boolean().default(false) });
export type PathWish = z.input<typeof pathWish>;

/** One thing that a check found. */
export const pathFinding = z.object({
  /** `breaks`: it will not work; `may-break`: some of it may not; `note`: worth knowing. */
  severity: z.enum(['breaks', 'may-break', 'note']),
  kind: z.enum([
    ...['not-there', 'redirect', 'link', 'form', 'style', 'script', 'socket', 'worker', 'base', 'cookie'],
    ...['local-address', 'not-checked'],
  ] as [string, ...string[]]),
  /** What was seen, and where: the address of the page or asset. */
  evidence: z.string(),
  where: z.string(),
  /** How often it was seen. */
  count: z.number().int(),
  /** What happens, and what to do. */
  advice: z.string(),
});
export type PathFinding = z.infer<typeof pathFinding>;

/** What a known program needs under a prefix. */
export const pathPreset = z.object({
  /** E.g. `jupyter`. */
  id: z.string(),
  name: z.string(),
  /** The mode that suits it. */
  strip: z.boolean(),
  /** To be done on the device, in order, with the prefix filled in. */
  steps: z.array(z.string()),
});
export type PathPreset = z.infer<typeof pathPreset>;

/** What a check of a service under a prefix found. */
export const pathCheck = z.object({
  prefix: z.string(),
  strip: z.boolean(),
  /** True when nothing was found that breaks. */
  ok: z.boolean(),
  /** Answer to the first request. */
  status: z.number().int().optional(),
  /** Addresses that were fetched, as the visitor names them. */
  fetched: z.array(z.string()),
  took: z.number(),
  findings: z.array(pathFinding),
  /** The program that was recognised, with what it needs. */
  preset: pathPreset.optional(),
});
export type PathCheck = z.infer<typeof pathCheck>;
