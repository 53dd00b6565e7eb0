import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../errors.ts';

/** Milliseconds since 1970-01-01 UTC. */
export const instant = z.number().int().nonnegative().describe('milliseconds since 1970-01-01 UTC');
/** An opaque identifier made by the relay. */
export const id = z.string().regex(/^[a-z0-9]{1,40}$/);

export const idParams = z.object({ id });

const errorCode = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

/** RFC 9457 problem document, with Porchlight's code and hint. Other members depend on the code. */
export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: errorCode,
  hint: z.string(),
});
export type Problem = z.infer<typeof problem>;

/** Listings come in pages: pass `cursor` from `next` until it is absent. */
export const pageQuery = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().optional() });
}
