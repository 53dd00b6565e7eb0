import { X } from 'lucide-react';
import { Button } from '../ui/index.ts';
import type { NamedFeed } from './graph-panel.tsx';
import type { Axis } from './view-state.ts';
import { formatValue, lineName } from './words.ts';

export interface LegendRow {
  readonly feed: NamedFeed;
  readonly axis: Axis;
  readonly colour: string;
  /** Under the pointer, else now; undefined: none there. */
  readonly value: number | null | undefined;
  readonly summary: { readonly min: number; readonly max: number; readonly mean: number } | undefined;
}

interface GraphLegendProps {
  readonly rows: readonly LegendRow[];
  readonly onAxis: (id: number, axis: Axis) => void;
  readonly onRemove: (id: number) => void;
}

/** Which line is which feed, its values, and the axis that it is read at. */
export function GraphLegend({ rows, onAxis, onRemove }: GraphLegendProps) {
  return (
    <ul aria-label="Feeds of the graph" className="grid divide-y divide-line">
      {rows.map(({ feed, axis, colour, value, summary }) => {
        const name = lineName(feed);
        const other = axis === 'left' ? 'right' : 'left';
        return (
          <li key={feed.id} className="grid grid-cols-[auto_1fr_auto] items-center gap-x-3 py-2">
            <span aria-hidden className="h-1 w-5 rounded-full" style={{ backgroundColor: colour }} />
            <span className="grid min-w-0">
              <span className="flex flex-wrap items-baseline justify-between gap-x-3">
                <span className="font-medium">{name}</span>
                <span className="font-semibold tabular-nums">{formatValue(value ?? null, feed.unit)}</span>
              </span>
              <span className="text-xs text-muted tabular-nums">
                {summary === undefined
                  ? 'no data here'
                  : `lowest ${formatValue(summary.min, '')}, mean ${formatValue(summary.mean, '')}, highest ${formatValue(summary.max, '')}`}
              </span>
            </span>
            <span className="flex gap-1">
              <Button
                small
                look="quiet"
                aria-label={`Axis of ${name}: ${axis}; move to the ${other}`}
                onClick={() => onAxis(feed.id, other)}
              >
                {axis}
              </Button>
              <Button
                small
                look="quiet"
                aria-label={`Remove ${name} from the graph`}
                onClick={() => onRemove(feed.id)}
              >
                <X size={16} aria-hidden />
              </Button>
            </span>
          </li>
        );
      })}
    </ul>
  );
}
