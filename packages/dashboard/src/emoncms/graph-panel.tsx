import type { EmoncmsFeed } from '@porchlight/protocol/api';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { Empty, Panel, Skeleton } from '../ui/index.ts';
import { type Columns, joinColumns, summaryOf, withLast } from './columns.ts';
import { csvOf } from './csv.ts';
import { FailureNote } from './failure-note.tsx';
import { GraphLegend, type LegendRow } from './graph-legend.tsx';
import { GraphToolbar } from './graph-toolbar.tsx';
import { type Home, useHistories } from './queries.ts';
import { fixedRange, panned, zoomed } from './range.ts';
import type { Axis, ChosenFeed, ViewState } from './view-state.ts';
import { lineName } from './words.ts';

const FeedGraph = lazy(() => import('./feed-graph.tsx'));

const HEIGHT = 340;
/** Told apart by day and by night, and by most who see few colours. */
const COLOURS = [
  'light-dark(#b45f06, #f7bd58)',
  'light-dark(#1f6fb2, #6cb4f0)',
  'light-dark(#1d7a46, #5cc98a)',
  'light-dark(#a3338c, #e592d3)',
  'light-dark(#b3312b, #ff8d83)',
  'light-dark(#5b4bb0, #b0a4f5)',
  'light-dark(#0b7c7c, #5fd0d0)',
  'light-dark(#6b6154, #c9c1b4)',
] as const;

interface GraphPanelProps {
  readonly home: Home;
  readonly state: ViewState;
  readonly onChange: (change: Partial<ViewState>) => void;
  /** What the list says of the feeds, with their present values; undefined: not known yet. */
  readonly known: readonly EmoncmsFeed[] | undefined;
  /** The page says already that the home does not answer. */
  readonly told: boolean;
}

/** The chosen feeds over time. */
export function GraphPanel({ home, state, onChange, known, told }: GraphPanelProps) {
  const { feeds: chosen, range } = state;
  const histories = useHistories(home, chosen, range, state.interval);
  const { stretch, interval, errors, loading } = histories;
  const [point, setPoint] = useState<number>();
  const feeds = useMemo(() => named(chosen, known), [chosen, known]);

  const live = range.kind === 'last';
  // The array is a new one each time; its members are not.
  const [a, b, c, d, e, f, g, h] = histories.data;
  const points = useMemo(
    () =>
      feeds.map(({ value, valueAt }, n) => {
        const history = [a, b, c, d, e, f, g, h][n] ?? { times: [], values: [] };
        const last = live && value !== null && valueAt !== null ? { at: valueAt, value } : undefined;
        return history.times.length === 0 ? history : withLast(history, last);
      }),
    [feeds, live, a, b, c, d, e, f, g, h],
  );
  const columns = useMemo(() => joinColumns(points), [points]);
  const axes = axesOf(feeds);
  const lines = feeds.map((_, n) => ({ colour: colourOf(n), axis: axes[n] ?? 'left' }));
  const lastAt = Math.max(0, ...points.map(({ times }) => times.at(-1) ?? 0));
  const shown = live
    ? { ...stretch, to: Math.max(stretch.to, Math.min(lastAt, stretch.to + 600_000)) }
    : stretch;
  const rows: LegendRow[] = feeds.map((feed, n) => ({
    ...{ feed, axis: axes[n] ?? 'left', colour: colourOf(n) },
    value: point === undefined ? feed.value : columns.values[n]?.[point],
    summary: summaryOf(points[n] ?? { times: [], values: [] }, shown),
  }));
  const kept = histories.data.find((one) => one?.failure !== undefined);
  const save = useCallback(
    () => download('feeds.csv', csvOf(feeds.map(lineName), within(columns, stretch))),
    [feeds, columns, stretch],
  );

  if (chosen.length === 0) {
    return (
      <Empty title="No feeds chosen">
        <p>Choose up to eight feeds in the list.</p>
      </Empty>
    );
  }
  return (
    <>
      {!told && (errors.length > 0 || kept !== undefined) && (
        <FailureNote
          error={errors[0] ?? null}
          failure={kept?.failure}
          at={kept?.at}
          onRetry={histories.retry}
        />
      )}
      <Panel label="Graph">
        <GraphToolbar
          {...{ home, range, stretch, interval, wished: state.interval, loading }}
          feeds={chosen}
          onRange={(next) => onChange({ range: next })}
          onInterval={(next) => onChange({ interval: next })}
          onCsv={save}
        />
        <Suspense fallback={<Skeleton className="h-[340px]" />}>
          <FeedGraph
            key={lines.map(({ colour, axis }) => `${colour} ${axis}`).join()}
            columns={columns}
            lines={lines}
            stretch={shown}
            height={HEIGHT}
            onStretch={({ from, to }) => onChange({ range: fixedRange(from, to) })}
            onZoom={(factor) => onChange({ range: zoomed(range, Date.now(), factor) })}
            onPan={(share) => onChange({ range: panned(range, Date.now(), share) })}
            onPoint={setPoint}
          />
        </Suspense>
        <p className="h-5 text-right text-xs text-muted tabular-nums">
          {point === undefined || columns.times[point] === undefined
            ? 'Last values'
            : new Date(columns.times[point]).toLocaleString()}
        </p>
        <GraphLegend
          rows={rows}
          onAxis={(id, axis) =>
            onChange({ feeds: chosen.map((one) => (one.id === id ? { id, axis } : one)) })
          }
          onRemove={(id) => onChange({ feeds: chosen.filter((one) => one.id !== id) })}
        />
      </Panel>
    </>
  );
}

export type NamedFeed = ChosenFeed & Pick<EmoncmsFeed, 'name' | 'tag' | 'unit' | 'value' | 'valueAt'>;

function named(chosen: readonly ChosenFeed[], known: readonly EmoncmsFeed[] | undefined): NamedFeed[] {
  const byId = new Map(known?.map((feed) => [feed.id, feed]));
  return chosen.map((feed) => {
    const { name = '', tag = '', unit = '', value = null, valueAt = null } = byId.get(feed.id) ?? {};
    return { ...feed, name: name === '' ? `feed ${feed.id}` : name, tag, unit, value, valueAt };
  });
}

/** Feeds of the first one's unit to the left, those of another to the right, unless a person has said. */
function axesOf(feeds: readonly NamedFeed[]): Axis[] {
  return feeds.map(({ axis, unit }) => axis ?? (unit === feeds[0]?.unit ? 'left' : 'right'));
}

function colourOf(n: number): string {
  return COLOURS[n % COLOURS.length] ?? COLOURS[0];
}

/** The rows of the columns inside a stretch: what is shown, not what was fetched around it. */
function within({ times, values }: Columns, { from, to }: { from: number; to: number }): Columns {
  const inside = (at: number) => at >= from && at <= to;
  return {
    times: times.filter(inside),
    values: values.map((column) => column.filter((_, row) => inside(times[row] ?? -1))),
  };
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
