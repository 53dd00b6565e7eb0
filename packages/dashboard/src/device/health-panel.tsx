import type { Device } from '@porchlight/protocol/api';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo, useState } from 'react';
import { api, keys } from '../api/index.ts';
import { formatMillis } from '../format/index.ts';
import { ErrorNote, Panel, Skeleton } from '../ui/index.ts';
import { latencySeries } from './latency-series.ts';
import { Uptime } from './uptime.tsx';

const LatencyPlot = lazy(() => import('./latency-plot.tsx'));

const SPANS = [
  { span: '24h', label: '24 hours' },
  { span: '30d', label: '30 days' },
] as const;

/** Uptime and round trip of the last day or month. */
export function HealthPanel({ device }: { device: Device }) {
  const [span, setSpan] = useState<'24h' | '30d'>('24h');
  const health = useQuery({
    queryKey: keys.health(device.id, span),
    queryFn: ({ signal }) => api.health(device.id, span, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  });
  const samples = health.data?.samples;
  const series = useMemo(() => latencySeries(samples ?? []), [samples]);
  const measured = series[1].filter((rtt) => rtt !== null);

  return (
    <Panel
      title="Health"
      aside={
        <div role="group" aria-label="Span" className="flex gap-1 rounded-lg bg-raised p-1">
          {SPANS.map((choice) => (
            <button
              key={choice.span}
              type="button"
              aria-pressed={choice.span === span}
              onClick={() => setSpan(choice.span)}
              className="min-h-9 rounded-md px-3 text-sm text-muted aria-pressed:bg-surface aria-pressed:text-ink aria-pressed:shadow-sm"
            >
              {choice.label}
            </button>
          ))}
        </div>
      }
    >
      <ErrorNote error={health.error} onRetry={health.refetch} />
      {health.isPending && <Skeleton className="h-[84px]" />}
      {health.data && <Uptime health={health.data} />}
      <div className="grid gap-1">
        <h3 className="text-sm font-medium">
          Round trip
          {measured.length > 0 && (
            <span className="font-normal text-muted"> · {formatMillis(Math.min(...measured))} at best</span>
          )}
        </h3>
        {health.data && measured.length < 2 ? (
          <p className="flex h-[204px] items-center justify-center rounded-lg bg-raised text-sm text-muted">
            Not enough measured yet; come back in a few minutes.
          </p>
        ) : (
          <Suspense fallback={<Skeleton className="h-[204px]" />}>
            {health.data ? (
              <LatencyPlot series={series} from={health.data.from} to={health.data.to} />
            ) : (
              !health.isError && <Skeleton className="h-[204px]" />
            )}
          </Suspense>
        )}
      </div>
    </Panel>
  );
}
