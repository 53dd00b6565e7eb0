import type { Device } from '@porchlight/protocol/api';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo, useState } from 'react';
import { api, keys } from '../api/index.ts';
import { formatMillis } from '../format/index.ts';
import { ErrorNote, Panel, Skeleton } from '../ui/index.ts';
import { type Span, SpanChoice } from './span-choice.tsx';
import { timeSeries } from './time-series.ts';
import { Uptime } from './uptime.tsx';

const TimePlot = lazy(() => import('./time-plot.tsx'));

const HEIGHT = 180;
const scale = (_: number, max: number): [number, number] => [0, Math.max(10, max * 1.15)];

/** Uptime and round trip of the last day or month. */
export function HealthPanel({ device }: { device: Device }) {
  const [span, setSpan] = useState<Span>('24h');
  const health = useQuery({
    queryKey: keys.health(device.id, span),
    queryFn: ({ signal }) => api.health(device.id, span, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  });
  const samples = health.data?.samples;
  const series = useMemo(
    () => timeSeries((samples ?? []).map(({ at, rtt }) => ({ at, value: rtt }))),
    [samples],
  );
  const measured = series[1].filter((rtt) => rtt !== null);

  return (
    <Panel title="Health" aside={<SpanChoice value={span} onChange={setSpan} />}>
      <ErrorNote error={health.error} onRetry={health.refetch} />
      {health.isPending && <Skeleton className="h-[84px]" />}
      {health.data && <Uptime health={health.data} />}
      {(device.link.callHome === undefined || measured.length > 0) && (
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
                <TimePlot
                  series={series}
                  from={health.data.from}
                  to={health.data.to}
                  height={HEIGHT}
                  scale={scale}
                  format={formatMillis}
                />
              ) : (
                !health.isError && <Skeleton className="h-[204px]" />
              )}
            </Suspense>
          )}
        </div>
      )}
    </Panel>
  );
}
