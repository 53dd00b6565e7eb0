import type { Readings } from '@porchlight/protocol/api';
import type { Reading, ReadingSample } from '../devices/index.ts';

/** Last values in order of name, each with the means of its numbers in intervals of `bucketMs`. */
export function readingsView(
  last: readonly Reading[],
  samples: readonly ReadingSample[],
  bucketMs: number,
): Readings['readings'] {
  const byName = new Map<string, Map<number, { sum: number; count: number }>>();
  for (const { name, at, sum, count } of samples) {
    const buckets = byName.get(name) ?? new Map<number, { sum: number; count: number }>();
    const start = Math.floor(at / bucketMs) * bucketMs;
    const bucket = buckets.get(start);
    buckets.set(start, { sum: (bucket?.sum ?? 0) + sum, count: (bucket?.count ?? 0) + count });
    byName.set(name, buckets);
  }
  return last.map(({ name, value, at }) => ({
    name,
    value,
    at,
    samples: [...(byName.get(name) ?? [])].map(([start, { sum, count }]) => ({
      at: start,
      mean: sum / count,
    })),
  }));
}
