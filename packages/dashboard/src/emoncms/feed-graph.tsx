import { useEffect, useLayoutEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { presentColour } from '../page/index.ts';
import type { Columns } from './columns.ts';
import type { Stretch } from './range.ts';
import { listenToTouch } from './touch.ts';
import type { Axis } from './view-state.ts';

const TWO_DAYS_MS = 2 * 24 * 3600_000;
const TWO_MONTHS_MS = 60 * 24 * 3600_000;
const clocks = {
  minutes: new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' }),
  days: new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' }),
  months: new Intl.DateTimeFormat(undefined, { month: 'short', year: '2-digit' }),
};

/** One line of the graph. */
export interface Line {
  /** Any CSS colour. */
  readonly colour: string;
  readonly axis: Axis;
}

interface FeedGraphProps {
  readonly columns: Columns;
  readonly lines: readonly Line[];
  readonly stretch: Stretch;
  readonly height: number;
  /** A person has drawn a stretch over the graph, or wants half as much or twice as much, or moves it. */
  readonly onStretch: (stretch: Stretch) => void;
  readonly onZoom: (factor: number) => void;
  readonly onPan: (share: number) => void;
  /** Which of the times is under the pointer; undefined: none. */
  readonly onPoint: (at: number | undefined) => void;
}

/** Lines over time, on a canvas. Other lines need another `key`. */
export default function FeedGraph(props: FeedGraphProps) {
  const { columns, stretch, height } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  // What the plot's own listeners read.
  const latest = useRef(props);
  useLayoutEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    let stopTouch = () => {};
    const draw = () => {
      stopTouch();
      plot.current?.destroy();
      const drawn = new UPlot(optionsFor(element, latest), dataOf(latest.current.columns), element);
      plot.current = drawn;
      stopTouch = listenToTouch(drawn.over, {
        pan: (share) => latest.current.onPan(-share),
        zoom: (factor) => latest.current.onZoom(factor),
      });
    };
    const resized = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: latest.current.height }),
    );
    const themed = new MutationObserver(draw);
    const night = matchMedia('(prefers-color-scheme: dark)');
    draw();
    resized.observe(element);
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    night.addEventListener('change', draw);
    return () => {
      resized.disconnect();
      themed.disconnect();
      night.removeEventListener('change', draw);
      stopTouch();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, []);

  const { from, to } = stretch;
  useEffect(() => {
    const drawn = plot.current;
    // Lines that have just been added are drawn with their data from the start.
    if (drawn?.series.length !== columns.values.length + 1) return;
    drawn.batch(() => {
      drawn.setData(dataOf(columns), false);
      drawn.setScale('x', { min: from / 1000, max: to / 1000 });
    });
  }, [columns, from, to]);

  return <div ref={box} style={{ minHeight: height }} />;
}

function dataOf({ times, values }: Columns): UPlot.AlignedData {
  return [times.map((time) => time / 1000), ...values];
}

function optionsFor(element: HTMLElement, latest: { current: FeedGraphProps }): UPlot.Options {
  const { lines, height } = latest.current;
  const axis = {
    stroke: presentColour(element, 'var(--c-muted)'),
    grid: { stroke: presentColour(element, 'var(--c-line)'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  const right = lines.some((line) => line.axis === 'right');
  const left = lines.some((line) => line.axis === 'left') || !right;
  // A phone has no room for wide axes.
  const side = element.clientWidth < 480 ? 42 : 58;
  const values = (_: UPlot, ticks: number[]) => ticks.map((tick) => tick.toLocaleString());
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: 8 },
      points: { size: 7 },
      bind: { dblclick: () => () => zoomOut(latest) },
    },
    scales: {
      x: { range: () => [latest.current.stretch.from / 1000, latest.current.stretch.to / 1000] },
      left: {},
      right: {},
    },
    axes: [
      { ...axis, space: 70, size: 30, values: (_, ticks) => clockFor(latest.current.stretch, ticks) },
      { ...axis, scale: 'left', show: left, size: side, space: 28, values },
      { ...axis, scale: 'right', show: right, side: 1, size: side, space: 28, values, grid: { show: !left } },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        scale: line.axis,
        stroke: presentColour(element, line.colour),
        width: 2,
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: {
      setCursor: [({ cursor }) => latest.current.onPoint(cursor.idx ?? undefined)],
      setSelect: [
        (plot) => {
          const { left: from, width } = plot.select;
          if (width < 8) return;
          const at = (pixel: number) => Math.round(plot.posToVal(pixel, 'x') * 1000);
          latest.current.onStretch({ from: at(from), to: at(from + width) });
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function zoomOut(latest: { current: FeedGraphProps }): null {
  latest.current.onZoom(2);
  return null;
}

function clockFor({ from, to }: Stretch, ticks: number[]): string[] {
  const span = to - from;
  const clock = span > 6 * TWO_MONTHS_MS ? clocks.months : span > TWO_DAYS_MS ? clocks.days : clocks.minutes;
  return ticks.map((tick) => clock.format(tick * 1000));
}
