import type { Readings } from '@porchlight/protocol/api';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useMemo, useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Ago } from '../format/index.ts';
import { ErrorNote, Panel, Skeleton } from '../ui/index.ts';
import { inOrder, shownValue, wordsOf } from './reading-words.ts';
import { type Span, SpanChoice } from './span-choice.tsx';
import { timeSeries } from './time-series.ts';

const TimePlot = lazy(() => import('./time-plot.tsx'));

const HEIGHT = 104;

type Reading = Readings['readings'][number];

/** Query of a device's readings; the page asks for it before it knows the device, so that nothing jumps. */
export function readingsQuery(id: string, span: Span) {
  return {
    queryKey: keys.readings(id, span),
    queryFn: ({ signal }: { signal: AbortSignal }) => api.readings(id, span, signal),
  };
}

/** What the device tells of itself. Nothing is shown for one that never has. */
export function ReadingsPanel({ deviceId }: { deviceId: string }) {
  const [span, setSpan] = useState<Span>('24h');
  const { data, error, refetch } = useQuery({
    ...readingsQuery(deviceId, span),
    placeholderData: keepPreviousData,
  });
  const readings = useMemo(() => inOrder(data?.readings ?? []), [data]);
  if (data === undefined && error !== null) return <ErrorNote error={error} onRetry={refetch} />;
  if (data === undefined || readings.length === 0) return null;
  const [plotted, told] = [readings.filter(isPlotted), readings.filter((reading) => !isPlotted(reading))];
  return (
    <Panel title="Readings" aside={<SpanChoice value={span} onChange={setSpan} />}>
      {plotted.length > 0 && (
        <ul aria-label="Readings with history" className="grid gap-x-6 gap-y-4 sm:grid-cols-2">
          {plotted.map((reading) => (
            <Item key={reading.name} reading={reading}>
              <Plot reading={reading} from={data.from} to={data.to} />
            </Item>
          ))}
        </ul>
      )}
      {told.length > 0 && (
        <ul aria-label="Other readings" className="grid gap-x-6 gap-y-4 sm:grid-cols-2">
          {told.map((reading) => (
            <Item key={reading.name} reading={reading} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function isPlotted({ samples }: Reading): boolean {
  return samples.length > 1;
}

function Item({ reading, children }: { reading: Reading; children?: ReactNode }) {
  const { name, value, at } = reading;
  return (
    <li data-testid={`reading-${name}`} className="grid min-w-0 content-start">
      <div className="flex items-baseline justify-between gap-3 text-sm text-muted">
        <h3 className="min-w-0 truncate">{wordsOf(name).label}</h3>
        <span className="shrink-0">
          <Ago at={at} />
        </span>
      </div>
      <p className="text-lg font-semibold break-words tabular-nums">{shownValue(name, value)}</p>
      {children}
    </li>
  );
}

function Plot({ reading, from, to }: { reading: Reading; from: number; to: number }) {
  const { name, samples } = reading;
  const series = useMemo(() => timeSeries(samples.map(({ at, mean }) => ({ at, value: mean }))), [samples]);
  return (
    <Suspense fallback={<Skeleton className="h-[124px]" />}>
      <TimePlot
        series={series}
        from={from}
        to={to}
        height={HEIGHT}
        scale={scale}
        format={wordsOf(name).format}
      />
    </Suspense>
  );
}

/** Room above and below the line, and never below nought for what is not. */
function scale(min: number, max: number): [number, number] {
  const room = max === min ? Math.abs(max) * 0.1 || 1 : (max - min) * 0.15;
  return [min >= 0 ? Math.max(0, min - room) : min - room, max + room];
}
