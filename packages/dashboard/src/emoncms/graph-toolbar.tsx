import { ChevronLeft, ChevronRight, Download, Link as LinkIcon, ZoomIn, ZoomOut } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, Choice, showToast } from '../ui/index.ts';
import { askStart, type Home } from './queries.ts';
import {
  fixedRange,
  formatInterval,
  intervalsFor,
  panned,
  SPANS,
  type Stretch,
  stretchOf,
  zoomed,
} from './range.ts';
import type { ChosenFeed, Range } from './view-state.ts';

interface GraphToolbarProps {
  readonly home: Home;
  readonly feeds: readonly ChosenFeed[];
  readonly range: Range;
  readonly stretch: Stretch;
  /** Seconds between the points shown, and as a person wants it. */
  readonly interval: number;
  readonly wished: number | undefined;
  readonly loading: boolean;
  readonly onRange: (range: Range) => void;
  readonly onInterval: (interval: number | undefined) => void;
  readonly onCsv: () => void;
}

/** Everything that the pointer can do with a graph, for the keyboard too. */
export function GraphToolbar(props: GraphToolbarProps) {
  const { home, feeds, range, stretch, interval, wished, loading, onRange, onInterval, onCsv } = props;
  const zoom = (factor: number) => onRange(zoomed(range, Date.now(), factor));
  const pan = (share: number) => onRange(panned(range, Date.now(), share));

  async function showAll() {
    const starts = await Promise.allSettled(feeds.map(({ id }) => askStart(home, id)));
    const found = starts.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (found.length > 0) onRange(fixedRange(Math.min(...found), Date.now()));
    else showToast({ tone: 'bad', title: 'The home does not say since when it has data.' });
  }

  async function copyLink() {
    const { from, to } = stretchOf(range, Date.now());
    const text = location.href;
    try {
      await navigator.clipboard.writeText(text);
      showToast({
        title:
          range.kind === 'last'
            ? 'Link copied. It shows the time up to whenever it is opened.'
            : `Link copied: ${new Date(from).toLocaleString()} to ${new Date(to).toLocaleString()}.`,
      });
    } catch {
      showToast({
        tone: 'bad',
        title: 'The browser does not let this page copy. The address above is the link.',
      });
    }
  }

  return (
    <div className="grid gap-3" aria-busy={loading}>
      <div className="flex flex-wrap items-center gap-2">
        <div role="group" aria-label="Time range" className="flex flex-wrap gap-1 rounded-lg bg-raised p-1">
          {SPANS.map(({ label, name, span }) => (
            <button
              key={span}
              type="button"
              aria-label={name}
              aria-pressed={range.kind === 'last' && range.span === span}
              onClick={() => onRange({ kind: 'last', span })}
              className="min-h-9 rounded-md px-2.5 text-sm text-muted aria-pressed:bg-surface aria-pressed:text-ink aria-pressed:shadow-sm"
            >
              {label}
            </button>
          ))}
          <button
            type="button"
            onClick={() => void showAll()}
            className="min-h-9 rounded-md px-2.5 text-sm text-muted"
          >
            All
          </button>
        </div>
        <div role="group" aria-label="Move and zoom" className="flex gap-1">
          <Tool label="Earlier" onClick={() => pan(-0.5)}>
            <ChevronLeft size={18} aria-hidden />
          </Tool>
          <Tool label="Later" onClick={() => pan(0.5)} disabled={range.kind === 'last'}>
            <ChevronRight size={18} aria-hidden />
          </Tool>
          <Tool label="Zoom in" onClick={() => zoom(0.5)}>
            <ZoomIn size={18} aria-hidden />
          </Tool>
          <Tool label="Zoom out" onClick={() => zoom(2)}>
            <ZoomOut size={18} aria-hidden />
          </Tool>
        </div>
        <div className="ml-auto flex items-center gap-1">
          <Choice
            label="Interval of the points"
            bare
            className="!min-h-9 !w-auto"
            value={wished === undefined ? '' : String(wished)}
            onChange={(event) =>
              onInterval(event.target.value === '' ? undefined : Number(event.target.value))
            }
          >
            <option value="">{`every ${formatInterval(interval)}`}</option>
            {intervalsFor(stretch).map((one) => (
              <option key={one} value={one}>
                {formatInterval(one)}
              </option>
            ))}
          </Choice>
          <Tool label="Copy a link to this graph" onClick={() => void copyLink()}>
            <LinkIcon size={18} aria-hidden />
          </Tool>
          <Tool label="Save as CSV" onClick={onCsv}>
            <Download size={18} aria-hidden />
          </Tool>
        </div>
      </div>
    </div>
  );
}

function Tool(props: { label: string; onClick: () => void; disabled?: boolean; children: ReactNode }) {
  return (
    <Button
      small
      look="quiet"
      aria-label={props.label}
      title={props.label}
      onClick={props.onClick}
      disabled={props.disabled ?? false}
    >
      {props.children}
    </Button>
  );
}
