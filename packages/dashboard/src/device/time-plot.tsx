import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { presentColour } from '../page/index.ts';
import type { TimeSeries } from './time-series.ts';

const TWO_DAYS_MS = 2 * 24 * 3600_000;
const hour = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

interface TimePlotProps {
  readonly series: TimeSeries;
  readonly from: number;
  readonly to: number;
  /** Pixels, without the line below that tells the value under the pointer. */
  readonly height: number;
  /** Lowest and highest value of the scale, for a lowest and a highest value of the series. */
  readonly scale: (min: number, max: number) => [number, number];
  readonly format: (value: number) => string;
}

function optionsFor(element: HTMLElement, props: TimePlotProps): UPlot.Options {
  const { from, to, height, scale, format } = props;
  const clock = to - from > TWO_DAYS_MS ? day : hour;
  const axis = {
    stroke: presentColour(element, 'var(--c-muted)'),
    grid: { stroke: presentColour(element, 'var(--c-line)'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { range: [from / 1000, to / 1000] },
      y: { range: (_, min, max) => scale(min ?? 0, max ?? 0) },
    },
    axes: [
      { ...axis, space: 70, size: 30, values: (_, ticks) => ticks.map((tick) => clock.format(tick * 1000)) },
      { ...axis, size: 62, space: 24, values: (_, ticks) => ticks.map((tick) => format(tick)) },
    ],
    series: [
      {},
      {
        stroke: presentColour(element, 'var(--c-accent)'),
        width: 2,
        points: { show: false },
        spanGaps: false,
      },
    ],
  };
}

/** Values over time, on a canvas. Drawn anew when the width or the colours change. */
export default function TimePlot(props: TimePlotProps) {
  const { series, from, to, height, scale, format } = props;
  const box = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLParagraphElement>(null);

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    let plot: UPlot | undefined;
    function draw() {
      if (!element) return;
      plot?.destroy();
      const options = optionsFor(element, { series, from, to, height, scale, format });
      plot = new UPlot({ ...options, hooks: { setCursor: [showValue] } }, series, element);
    }
    function showValue({ cursor, data }: UPlot) {
      if (!readout.current) return;
      const at = cursor.idx == null ? undefined : data[0][cursor.idx];
      const value = cursor.idx == null ? undefined : data[1]?.[cursor.idx];
      readout.current.textContent =
        at === undefined || value == null
          ? ''
          : `${format(value)} at ${new Date(at * 1000).toLocaleString()}`;
    }
    const resized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height }));
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
      plot?.destroy();
    };
  }, [series, from, to, height, scale, format]);

  return (
    <div className="grid content-start">
      <div ref={box} />
      <p ref={readout} aria-hidden className="h-5 text-right text-xs text-muted tabular-nums" />
    </div>
  );
}
