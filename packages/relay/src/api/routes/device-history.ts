import { health, healthQuery, idParams, readings } from '@porchlight/protocol/api';
import { deviceView } from '../device-view.ts';
import type { Endpoints } from '../endpoint.ts';
import { healthView } from '../health-view.ts';
import { ownDevice } from '../own-device.ts';
import { readingsView } from '../readings-view.ts';

const HOUR_MS = 3600_000;
/** Length of each span, and of the intervals its samples are joined into: about 300 and 700 of them. */
const SPANS = {
  '24h': { spanMs: 24 * HOUR_MS, bucketMs: 5 * 60_000 },
  '30d': { spanMs: 30 * 24 * HOUR_MS, bucketMs: HOUR_MS },
} as const;

/** What has been measured of a device, and what it has reported. */
export function deviceHistoryRoutes(endpoints: Endpoints): void {
  const { deps } = endpoints;
  const { devices, clock } = deps;

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices/:id/health',
    summary: 'Uptime, periods and samples of a device.',
    action: 'device:read',
    limit: { capacity: 60, refillMs: 500 },
    params: idParams,
    query: healthQuery,
    answer: health,
    run: async ({ person, params: { id }, query }) => {
      const record = await ownDevice(devices, person, 'device:read', id);
      const { spanMs, bucketMs } = SPANS[query.span];
      const to = clock.now();
      const from = Math.max(to - spanMs, Math.min(record.createdAt, to));
      const [linkEvents, samples, past] = await Promise.all([
        deps.health.events(id, from, to),
        deps.health.samples(id, from, to),
        deps.health.runs(from, to),
      ]);
      // The present run is written now and then only, but it is certain that it reaches until now.
      const { startedAt } = deps.relay;
      const runs = [...past.filter((run) => run.from < startedAt), { from: startedAt, to }];
      const { link } = deviceView(record, deps);
      const { createdAt } = record;
      return healthView({ from, to, createdAt, runs, events: linkEvents, samples, link, bucketMs });
    },
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices/:id/readings',
    summary: 'What a device reports of itself: last values, and the means of numbers over time.',
    action: 'device:read',
    limit: { capacity: 60, refillMs: 500 },
    params: idParams,
    query: healthQuery,
    answer: readings,
    run: async ({ person, params: { id }, query }) => {
      const record = await ownDevice(devices, person, 'device:read', id);
      const { spanMs, bucketMs } = SPANS[query.span];
      const to = clock.now();
      const from = Math.max(to - spanMs, Math.min(record.createdAt, to));
      // Intervals begin before what was noted in them.
      const { last, samples } = await deps.readings.of(id, from - bucketMs, to + 1);
      return { from, to, readings: readingsView(last, samples, bucketMs) };
    },
  });
}
